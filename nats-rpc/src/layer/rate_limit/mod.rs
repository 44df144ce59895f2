//! How many calls are let through in a time.

mod clock;
mod layer;
mod limits;
mod rate;
mod store;

pub use self::layer::RateLimitLayer;
pub use self::rate::Rate;

#[cfg(test)]
mod tests;
