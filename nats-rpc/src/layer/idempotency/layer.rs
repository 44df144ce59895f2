use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::shared::{OnStoreFailure, Shared};
use super::{IdempotencyService, Store};
use crate::raw::Call;
use crate::status::{Code, CodeSet};

const LEASE: Duration = Duration::from_secs(5);
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
/// A call that failed with one of these fails again, however often it is made: what a client may be told to make again
/// (gRFC A6), and what says that something broke, is not among them.
const REMEMBERED: CodeSet = CodeSet::of(&[
    Code::InvalidArgument,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::FailedPrecondition,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::DataLoss,
    Code::Unauthenticated,
]);

/// Answers a repeated call with what came of it at first. See [the module](super).
///
/// Clones and all services made by one layer know each other's running calls.
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct IdempotencyLayer {
    shared: Shared,
}

impl IdempotencyLayer {
    /// Remembers calls in this store.
    pub fn new(store: impl Store) -> Self {
        Self {
            shared: Shared {
                store: Arc::new(store),
                flights: Arc::default(),
                lease: LEASE,
                remembered: REMEMBERED,
                on_store_failure: OnStoreFailure::default(),
                caller: None,
            },
        }
    }

    /// Says who makes a call: calls of different callers are different, whatever their ids. `None` is one caller, too.
    ///
    /// Default: nobody is told apart. Ids are random numbers of 128 bits that nobody can guess; but where callers do not
    /// trust each other, whoever sees another one's id and request could ask for the reply.
    ///
    /// ```
    /// use nats_rpc::layer::idempotency::{IdempotencyLayer, MemoryStore};
    ///
    /// /// What a layer before it puts into the extensions of a call.
    /// #[derive(Clone)]
    /// struct User(String);
    ///
    /// let layer = IdempotencyLayer::new(MemoryStore::new())
    ///     .with_caller(|call| call.extensions().get::<User>().map(|user| user.0.clone()));
    /// ```
    pub fn with_caller(mut self, caller: impl Fn(&Call) -> Option<String> + Send + Sync + 'static) -> Self {
        self.shared.caller = Some(Arc::new(caller));
        self
    }

    /// Sets how long an instance may be silent before it is taken for dead and another one runs its call again; one that
    /// lives says so three times as often. Default: 5 s. Less than 1 s is taken for 1 s.
    ///
    /// Shorter: after a crash a repeat waits less. Longer: an instance that stands still for a while (frozen, or cut off from
    /// the store) is not taken for dead.
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.shared.lease = lease.max(SHORTEST_LEASE);
        self
    }

    /// Sets which errors are remembered as replies are. Default: INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS,
    /// PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, UNIMPLEMENTED, DATA_LOSS, UNAUTHENTICATED. After any other a
    /// repeat runs again, and so it does, whatever the code, after an error that asks for a repeat
    /// ([`Status::with_retry_after`](crate::Status::with_retry_after)).
    pub fn with_remembered_errors(mut self, codes: CodeSet) -> Self {
        self.shared.remembered = codes;
        self
    }

    /// Sets what becomes of calls while the store can't be reached. Default: [`OnStoreFailure::Refuse`].
    pub fn on_store_failure(mut self, policy: OnStoreFailure) -> Self {
        self.shared.on_store_failure = policy;
        self
    }
}

impl<S> Layer<S> for IdempotencyLayer {
    type Service = IdempotencyService<S>;

    fn layer(&self, inner: S) -> IdempotencyService<S> {
        IdempotencyService::new(inner, Arc::new(self.shared.clone()))
    }
}
