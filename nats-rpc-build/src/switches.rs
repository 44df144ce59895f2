use nats_rpc_codegen::ir::{Features, Parts};

use crate::attributes::Attributes;
use crate::error::Error;

/// What is generated for a service, and what stands above it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switches {
    pub(crate) parts: Parts,
    pub(crate) features: Features,
    pub(crate) default_stubs: bool,
    pub(crate) attributes: Attributes,
}

impl Switches {
    /// Finds values that can't be.
    pub(crate) fn check(&self) -> Result<(), Error> {
        feature("client_feature", self.features.client.as_deref())?;
        feature("server_feature", self.features.server.as_deref())?;
        self.attributes.check()
    }
}

fn feature(setting: &str, name: Option<&str>) -> Result<(), Error> {
    let is_legal =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '+' | '.');
    match name {
        Some(name) if name.is_empty() || !name.chars().all(is_legal) => Err(Error::plain(
            format!("`Config::{setting}` was given \"{}\", which can't be a feature", name.escape_debug()),
            "give the name of a feature in the `[features]` of your Cargo.toml, such as \"client\"",
        )),
        _ => Ok(()),
    }
}
