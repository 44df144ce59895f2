//! `#[nats_rpc::service]`: a service from a Rust trait, without a `.proto`.
//!
//! Use it through `nats-rpc`, which re-exports it.

mod attributes;
mod bounds;
mod method;
mod options;
mod policy;
mod service;
mod signature;
mod spans;

use nats_rpc_codegen::tokens;
use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use syn::{ItemTrait, parse_macro_input};

/// Turns a trait into a service: the trait to implement, a client and a server, as from a `.proto`.
///
/// ```
/// use nats_rpc::{Request, Response, Status};
/// # type HelloRequest = String;
/// # type HelloReply = String;
///
/// /// Greets people.
/// #[nats_rpc::service(package = "greeter.v1")]
/// pub trait Greeter {
///     /// Says hello to somebody.
///     async fn say_hello(&self, request: Request<HelloRequest>) -> Result<Response<HelloReply>, Status>;
/// }
/// ```
///
/// makes `Greeter`, `GreeterClient`, `GreeterServer` and `GREETER`, with the visibility of the trait. Either message may
/// be a stream of them: `Request<Streaming<Chunk>>`, `Response<Streaming<Tick>>`. Messages are types
/// that the codec takes: with `prost`, those that derive `prost::Message`; with `json`, those that derive serde's
/// `Serialize` and `Deserialize`.
///
/// # Options of the trait
///
/// | option | meaning | without it |
/// |---|---|---|
/// | `package = "greeter.v1"` | package of the service's name | no package |
/// | `name = "Greeter"` | name of the service | the trait's |
/// | `subject = "svc.greet.v1"` | prefix of the subjects | `svc.<package>.<name>` |
/// | `queue_group = "workers"` | queue group of the instances | `q` |
/// | `timeout_ms`, `retry(..)`, `hedge(..)`, `breaker(..)` | for methods that say nothing else | see below |
/// | `codec = "json"` | how messages become bytes, `"prost"` or `"json"` | `"prost"` |
/// | `default_stubs` | a method without a body may be left out, and answers `UNIMPLEMENTED` | it can't be left out |
/// | `crate = path` | where the runtime is | `::nats_rpc` |
///
/// # Options of a method
///
/// `#[rpc(name = "SayHello", idempotency = "idempotent", timeout_ms = 1500)]`: the name on the wire, if it is not
/// that of the function in `UpperCamelCase`; whether the method may run twice (`"idempotent"` or
/// `"no_side_effects"`); the timeout of calls that set none.
///
/// And policies, with the fields, units, ranges and defaults that `nats/rpc/v1/options.proto` describes:
///
/// | option | fields |
/// |---|---|
/// | `retry(..)` | `off`, `max_attempts`, `initial_backoff_ms`, `max_backoff_ms`, `backoff_multiplier`, `retryable_codes` |
/// | `hedge(..)` | `off`, `max_attempts`, `delay_ms`, `non_fatal_codes` |
/// | `breaker(..)` | `off`, `failure_ratio`, `min_calls`, `open_ms`, `max_open_ms` |
/// | `durable(..)` | `stream`, `max_deliveries`, `dead_letter_subject` |
///
/// such as `#[rpc(retry(max_attempts = 4, retryable_codes = [UNAVAILABLE, ABORTED]))]`, `#[rpc(breaker(off))]` and, with all
/// defaults, `#[rpc(durable)]`. The layers of clients act on them, unless a service config, a builder or the call says
/// otherwise. **`durable` has no effect in this release.**
///
/// # Bodies
///
/// A method may have a body, which is what it does where an implementation leaves it out:
///
/// ```
/// use nats_rpc::{Request, Response, Status};
///
/// #[nats_rpc::service(package = "greeter.v1")]
/// trait Greeter: std::fmt::Debug {
///     async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status> {
///         Ok(format!("Hello, {}! I am {self:?}.", request.get_ref()).into())
///     }
/// }
///
/// #[derive(Debug)]
/// struct Plain;
///
/// impl Greeter for Plain {}
/// ```
///
/// Implementations are `Send + Sync + 'static`, and what else the trait asks for.
///
/// # Attributes
///
/// Documentation and `#[deprecated]` go to the trait and the client, lint levels such as `#[expect(..)]` to the trait.
/// Others are refused.
///
/// # Errors
/// What can't be a service is refused at compile time, all mistakes of a trait at once; so is a message that the codec
/// can't take:
///
/// ```compile_fail,E0277
/// # use nats_rpc::{Request, Response, Status};
/// struct NoMessage;
///
/// #[nats_rpc::service]
/// trait Greeter {
///     async fn say_hello(&self, request: Request<NoMessage>) -> Result<Response<String>, Status>;
/// }
/// ```
#[proc_macro_attribute]
pub fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemTrait);
    expand(options.into(), &item).unwrap_or_else(syn::Error::into_compile_error).into()
}

fn expand(options: Tokens, item: &ItemTrait) -> syn::Result<Tokens> {
    let service = service::parse(options, item)?;
    let mut items = tokens::service(&service);
    items.extend(bounds::bounds(&service));
    Ok(items)
}

/// Errors, of which all are shown.
#[derive(Default)]
struct Errors(Option<syn::Error>);

impl Errors {
    fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    fn at(&mut self, place: impl quote::ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(place, message));
    }

    /// The value, or keeps its error.
    fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    fn finish(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
