//! Faults that are injected on purpose.

mod active;
mod future;
mod injection;
mod layer;
mod request;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::FaultFuture;
pub use self::layer::FaultLayer;
pub use self::service::Fault;
