use proc_macro2::Ident;
use syn::{Attribute, Type};

use super::{Body, Documentation, Durable, Idempotency, Kind, Policy};

/// One RPC.
#[derive(Debug, Clone)]
pub struct Method {
    /// Name of the Rust functions, such as `say_hello`.
    pub ident: Ident,
    /// Name on the wire, such as `SayHello`.
    pub proto_name: String,
    /// What is written above it.
    pub docs: Documentation,
    /// The attribute `#[deprecated]`, if its use should warn.
    pub deprecated: Option<Attribute>,
    /// What else the user writes above the trait's function.
    pub attributes: Vec<Attribute>,
    /// One message or a stream, each way.
    pub kind: Kind,
    /// Whether it may run twice.
    pub idempotency: Idempotency,
    /// What it says of calls; [`Service::policy_of`](super::Service::policy_of) is what holds.
    pub policy: Policy,
    /// How calls are kept in a stream, if they are.
    pub durable: Option<Durable>,
    /// The request message.
    pub request: Type,
    /// The response message.
    pub response: Type,
    /// The argument of the trait's function: `Request<..>` around [`request`](Self::request), or around a
    /// `Streaming<..>` of it.
    pub argument: Type,
    /// What the trait's function resolves to: `Result<Response<..>, Status>`, with or without a `Streaming<..>`.
    pub output: Type,
    /// What the trait's function does by default.
    pub body: Body,
}
