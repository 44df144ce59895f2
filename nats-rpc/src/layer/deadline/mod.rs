//! How long calls may take.

mod future;
mod layer;
mod service;
mod settings;
mod stream;
#[cfg(test)]
mod tests;

pub use self::future::DeadlineFuture;
pub use self::layer::DeadlineLayer;
pub use self::service::Deadline;
