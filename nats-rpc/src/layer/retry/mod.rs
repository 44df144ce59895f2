mod attempts;
mod backoff;
mod course;
mod decision;
mod future;
mod kept;
mod layer;
mod pause;
mod replay;
mod retries;
mod rules;
mod service;

pub use self::future::RetryFuture;
pub use self::layer::RetryLayer;
pub(super) use self::retries::Retries;
pub use self::service::Retry;
