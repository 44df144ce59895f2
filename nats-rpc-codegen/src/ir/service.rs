use proc_macro2::Ident;
use syn::{Path, Visibility};

use super::Method;
use crate::docs::Docs;

/// One service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Name of the Rust trait, such as `Greeter`.
    pub ident: Ident,
    /// Full name on the wire, such as `greeter.v1.Greeter`.
    pub proto_name: String,
    /// What is written above it.
    pub docs: Docs,
    /// Whether its use should warn.
    pub deprecated: bool,
    /// Visibility of the generated items.
    pub visibility: Visibility,
    /// The methods that are generated.
    pub methods: Vec<Method>,
    /// Subject prefix, if it is not the default one.
    pub subject: Option<String>,
    /// Queue group, if it is not the default one.
    pub queue_group: Option<String>,
    /// File with the serialized descriptor set, as `include_bytes!` is to name it.
    pub descriptor_set: Option<String>,
    /// Where the generated code finds the runtime.
    pub paths: Paths,
    /// What to generate.
    pub parts: Parts,
}

/// Where the generated code finds the runtime.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The runtime crate, `::nats_rpc` as a rule.
    pub runtime: Path,
    /// The codec of the messages, such as `::nats_rpc::codec::Prost`.
    pub codec: Path,
}

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The client.
    pub client: bool,
    /// The trait and the server.
    pub server: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Self { client: true, server: true }
    }
}
