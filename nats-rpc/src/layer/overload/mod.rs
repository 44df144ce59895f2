//! The server's protection from overload.

mod baseline;
mod episode;
mod future;
mod gate;
mod gradient;
mod held;
mod layer;
mod learner;
mod limit;
mod line;
mod pace;
mod permit;
mod place;
mod queue;
mod seats;
mod service;
mod stats;
mod sync;
mod window;

pub use self::future::OverloadFuture;
pub use self::layer::OverloadLayer;
pub use self::limit::{GradientLimit, Limit};
pub use self::service::Overload;
pub use self::stats::{OverloadStats, Rejected};
// Here so that what is built without the crate, in a test, finds it in the same place.
use crate::call::Priority;

#[cfg(test)]
mod tests;
