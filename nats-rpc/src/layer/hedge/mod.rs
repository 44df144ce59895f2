//! Sending a call again before its first answer.

mod future;
mod histogram;
mod layer;
mod observed;
mod oneshot;
mod plan;
mod purse;
mod race;
mod rules;
mod sample;
mod service;
#[cfg(test)]
mod tests;

pub use self::future::HedgeFuture;
pub use self::layer::HedgeLayer;
pub use self::service::Hedge;
