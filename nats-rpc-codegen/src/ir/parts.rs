use syn::Attribute;

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

/// Cargo features of the user's crate without which parts are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// The feature that the client needs.
    pub client: Option<String>,
    /// The feature that the trait and the server need.
    pub server: Option<String>,
}

/// Attributes that a user adds to what is generated. They stand behind ours, so that their lint levels win.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// Above the struct of the client.
    pub client: Vec<Attribute>,
    /// Above the struct of the server.
    pub server: Vec<Attribute>,
    /// Above the trait.
    pub trait_: Vec<Attribute>,
}
