//! What messages have to be like before handlers see them.

mod checks;
mod layer;
mod violations;

pub(crate) use self::checks::{checked, checked_stream};
pub use self::layer::ValidateLayer;
pub use self::violations::Violations;

#[cfg(test)]
mod tests;
