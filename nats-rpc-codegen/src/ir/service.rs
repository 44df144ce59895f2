use proc_macro2::Ident;
use syn::{Attribute, Path, TypeParamBound, Visibility};

use super::{Attributes, Documentation, Features, Method, Parts, Policy};
use crate::names;

/// One service.
#[derive(Debug, Clone)]
pub struct Service {
    /// Name of the Rust trait, such as `Greeter`.
    pub ident: Ident,
    /// Full name on the wire, such as `greeter.v1.Greeter`.
    pub proto_name: String,
    /// What is written above it.
    pub docs: Documentation,
    /// The attribute `#[deprecated]`, if its use should warn.
    pub deprecated: Option<Attribute>,
    /// What implementations are besides `Send + Sync + 'static`.
    pub supertraits: Vec<TypeParamBound>,
    /// Visibility of the generated items.
    pub visibility: Visibility,
    /// The methods that are generated.
    pub methods: Vec<Method>,
    /// Subject prefix, if it is not the default one.
    pub subject: Option<String>,
    /// Queue group, if it is not the default one.
    pub queue_group: Option<String>,
    /// What holds for methods that say nothing else.
    pub policy: Policy,
    /// File with the serialized descriptor set, as `include_bytes!` is to name it.
    pub descriptor_set: Option<String>,
    /// Where the generated code finds the runtime.
    pub paths: Paths,
    /// What to generate.
    pub parts: Parts,
    /// Which cargo features the parts need.
    pub features: Features,
    /// What the user adds above the parts.
    pub attributes: Attributes,
}

impl Service {
    /// The whole subject of a method: the prefix that the service sets or the default one, a dot, the method's name.
    #[must_use]
    pub fn subject_of(&self, method: &Method) -> String {
        let default = || names::default_subject(&self.proto_name);
        let prefix = self.subject.clone().unwrap_or_else(default);
        format!("{prefix}.{}", method.proto_name)
    }

    /// What holds for calls of a method: what it says itself, and for the rest what the service says and the method can
    /// have.
    #[must_use]
    pub fn policy_of(&self, method: &Method) -> Policy {
        Policy::of(&self.policy, method)
    }
}

/// Where the generated code finds the runtime.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The runtime crate, `::nats_rpc` as a rule.
    pub runtime: Path,
    /// The codec of the messages, such as `::nats_rpc::codec::Prost`.
    pub codec: Path,
}
