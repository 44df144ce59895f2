use nats_rpc_codegen::ir::Documentation;
use syn::Attribute;

use crate::Errors;

/// What stands above a trait or a method.
pub(crate) struct Attributes<'a> {
    pub(crate) docs: Documentation,
    pub(crate) deprecated: Option<Attribute>,
    /// Lint levels, which hold for the trait and what is written in it.
    pub(crate) lints: Vec<Attribute>,
    pub(crate) rpc: Option<&'a Attribute>,
}

impl<'a> Attributes<'a> {
    pub(crate) fn parse(attributes: &'a [Attribute], errors: &mut Errors) -> Self {
        let (mut docs, mut deprecated, mut lints, mut rpc) = (Vec::new(), None, Vec::new(), None);
        for attribute in attributes {
            let path = attribute.path();
            match path.segments.last().map(|last| last.ident.to_string()).as_deref() {
                Some("doc") => docs.push(attribute.clone()),
                Some("deprecated") => deprecated = Some(attribute.clone()),
                Some("allow" | "expect" | "warn" | "deny" | "forbid") => lints.push(attribute.clone()),
                Some("rpc") => {
                    if rpc.replace(attribute).is_some() {
                        errors.at(attribute, "options of a method stand in one `#[rpc(..)]`");
                    }
                }
                name => errors.at(attribute, refused(name.unwrap_or_default())),
            }
        }
        Self { docs: Documentation::Rust(docs), deprecated, lints, rpc }
    }
}

/// Why an attribute can't stand here.
fn refused(name: &str) -> &'static str {
    match name {
        "async_trait" => "`#[async_trait]` is not needed: leave it out, here and above implementations",
        "cfg" | "cfg_attr" => {
            "both sides of a call are to agree on its methods, so none can be left out by a `cfg`; for a whole service, \
             put it above `#[nats_rpc::service]`"
        }
        "must_use" => "calls are `#[must_use]` already",
        _ => "only documentation, `#[deprecated]`, lint levels and, on methods, `#[rpc(..)]` work here",
    }
}
