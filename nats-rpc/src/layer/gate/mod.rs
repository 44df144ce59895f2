//! What stands before a service and sees each call before it does.

mod future;
mod layer;
mod service;

use std::future::Future;

pub use self::future::GatedFuture;
pub use self::layer::GateLayer;
pub use self::service::Gated;
use crate::raw::Call;
use crate::status::Status;

/// Lets a call pass, as it is or changed, or ends it with a status before the service has seen it.
///
/// The layers that only look at calls on their way in are built on it: authentication, limits of rates, tokens. A
/// function of a call that returns a future is one too, and [`GateLayer`] puts it before a service.
pub trait Gate: Clone + Send + Sync + 'static {
    /// What a call waits for.
    type Passing: Future<Output = Result<Call, Status>> + Send + 'static;

    /// Looks at a call. It goes on as the future returns it, or ends with the future's status.
    fn pass(&self, call: Call) -> Self::Passing;
}

impl<F, Fut> Gate for F
where
    F: Fn(Call) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Call, Status>> + Send + 'static,
{
    type Passing = Fut;

    fn pass(&self, call: Call) -> Fut {
        self(call)
    }
}

#[cfg(test)]
mod tests;
