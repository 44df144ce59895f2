//! Rust names for what a `.proto` names.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};
use quote::format_ident;

/// Function names that a generated client needs for itself, or has like every Rust type. An RPC of that name gets a
/// trailing underscore, in the client and in the trait: `rpc New` becomes `new_`.
pub const TAKEN: [&str; 7] = ["new", "connect", "clone", "into", "on_instance", "scatter", "try_into"];

/// The Rust function of an RPC: `SayHello` is `say_hello`, `Type` is `r#type`, `Self` is `self_`, `New` is `new_`.
///
/// ```
/// # use nats_rpc_codegen::names::method;
/// assert_eq!(method("SayHello"), "say_hello");
/// assert_eq!(method("Type"), "r#type");
/// assert_eq!(method("New"), "new_");
/// ```
#[must_use]
pub fn method(proto_name: &str) -> Ident {
    let name = proto_name.to_snake_case();
    if TAKEN.contains(&name.as_str()) { format_ident!("{name}_") } else { ident(&name) }
}

/// The Rust type of a service or message: `greeter` is `Greeter`, `HTTPServer` is `HttpServer`, `Self` is `Self_`.
#[must_use]
pub fn type_name(proto_name: &str) -> Ident {
    ident(&proto_name.to_upper_camel_case())
}

/// The module of one segment of a package: `Type` is `r#type`.
#[must_use]
pub fn module(segment: &str) -> Ident {
    ident(&segment.to_snake_case())
}

/// The field of a message: `Type` and `type` are `r#type`.
#[must_use]
pub fn field(proto_name: &str) -> Ident {
    ident(&proto_name.to_snake_case())
}

/// The variant of a value of an enum: `KIND_BIG` of `Kind` is `Big`.
///
/// ```
/// # use nats_rpc_codegen::names::variant;
/// assert_eq!(variant("Kind", "KIND_BIG"), "Big");
/// assert_eq!(variant("Kind", "KINDLY"), "Kindly");
/// ```
#[must_use]
pub fn variant(enum_name: &str, value: &str) -> Ident {
    let (prefix, name) = (enum_name.to_upper_camel_case(), value.to_upper_camel_case());
    let stripped = name.strip_prefix(&prefix).filter(|rest| rest.starts_with(char::is_uppercase));
    ident(stripped.unwrap_or(&name))
}

/// The name on the wire of a Rust function: `say_hello` is `SayHello`.
#[must_use]
pub fn rpc(function: &Ident) -> String {
    let name = function.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_upper_camel_case()
}

/// The prefix of the subjects of a service that sets none: `svc.` and its full name.
///
/// ```
/// # use nats_rpc_codegen::names::default_subject;
/// assert_eq!(default_subject("greeter.v1.Greeter"), "svc.greeter.v1.Greeter");
/// assert_eq!(default_subject("Greeter"), "svc.Greeter");
/// ```
#[must_use]
pub fn default_subject(service: &str) -> String {
    format!("svc.{service}")
}

/// The static with the facts of a service: `Greeter` has `GREETER`.
#[must_use]
pub fn spec(service: &Ident) -> Ident {
    Ident::new(&bare(service).to_shouty_snake_case(), service.span())
}

/// The client of a service: `Greeter` has `GreeterClient`.
#[must_use]
pub fn client(service: &Ident) -> Ident {
    format_ident!("{}Client", bare(service), span = service.span())
}

/// What calls all instances of a service: `Greeter` has `GreeterScatter`.
#[must_use]
pub fn scatter(service: &Ident) -> Ident {
    format_ident!("{}Scatter", bare(service), span = service.span())
}

/// The server of a service: `Greeter` has `GreeterServer`.
#[must_use]
pub fn server(service: &Ident) -> Ident {
    format_ident!("{}Server", bare(service), span = service.span())
}

fn bare(name: &Ident) -> String {
    name.to_string().trim_start_matches("r#").trim_end_matches('_').to_owned()
}

/// A name as Rust takes it: keywords raw, those that can't be raw with an underscore behind, digits with one before.
fn ident(name: &str) -> Ident {
    let span = Span::call_site();
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return format_ident!("_{name}");
    }
    match name {
        "" | "_" | "self" | "Self" | "super" | "crate" | "extern" => format_ident!("{name}_"),
        _ if syn::parse_str::<Ident>(name).is_ok() && name != "gen" => Ident::new(name, span),
        _ => Ident::new_raw(name, span),
    }
}

#[cfg(test)]
mod tests {
    use super::{client, method, module, rpc, spec, type_name};

    #[test]
    fn keywords_are_raw_or_have_an_underscore() {
        for keyword in ["Type", "Match", "Async", "Gen", "Try", "Yield", "Move", "Dyn"] {
            assert_eq!(method(keyword), format!("r#{}", keyword.to_lowercase()));
        }
        // `r#extern` is Rust, but prost writes `extern_`.
        for keyword in ["Self", "Super", "Crate", "Extern"] {
            assert_eq!(method(keyword), format!("{}_", keyword.to_lowercase()));
        }
        assert_eq!(type_name("Self"), "Self_");
        assert_eq!(module("type"), "r#type");
    }

    #[test]
    fn the_clients_own_functions_are_kept_free() {
        for (name, function) in [
            ("New", "new_"),
            ("Connect", "connect_"),
            ("Clone", "clone_"),
            ("OnInstance", "on_instance_"),
            ("Scatter", "scatter_"),
            ("Into", "into_"),
            ("TryInto", "try_into_"),
        ] {
            assert_eq!(method(name), function);
        }
    }

    #[test]
    fn names_of_a_service_follow_from_its_trait() {
        assert_eq!(spec(&type_name("HTTPServer")), "HTTP_SERVER");
        assert_eq!(client(&type_name("greeter")), "GreeterClient");
        assert_eq!(client(&type_name("Self")), "SelfClient");
    }

    #[test]
    fn rpc_names_come_back() {
        assert_eq!(rpc(&method("SayHello")), "SayHello");
        assert_eq!(rpc(&method("Type")), "Type");
    }
}
