use syn::punctuated::Punctuated;
use syn::{Block, FnArg, Token};

/// What a method of the trait does where an implementation leaves it out.
#[derive(Debug, Clone)]
pub enum Body {
    /// It can't be left out.
    Required,
    /// It answers `UNIMPLEMENTED`.
    Unimplemented,
    /// It runs what the user wrote.
    Provided {
        /// The arguments, as the block names them.
        inputs: Punctuated<FnArg, Token![,]>,
        /// What is run.
        block: Block,
    },
}
