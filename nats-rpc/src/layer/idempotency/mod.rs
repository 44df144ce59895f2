//! Idempotency: a repeated call of a method with effects is answered with what came of it at first.
//!
//! When a reply is lost the caller makes the call again, and the service can't tell that from a new call unless it
//! remembers. [`IdempotencyLayer`] does, for unary methods that are declared idempotent but have effects
//! (`idempotency_level = IDEMPOTENT`), by the [id](crate::raw::Call::call_id) that a client gives to each such call and
//! keeps over all attempts. All other calls pass, and so do those without an id, such as calls of plain NATS clients.
//!
//! ```
//! use nats_rpc::layer::idempotency::{IdempotencyLayer, MemoryStore};
//! use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
//! use nats_rpc::{Idempotency, Kind, Metadata, ServiceSpec, Spec, Status};
//! use std::num::NonZeroU128;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
//!
//! static ACCOUNTS: ServiceSpec = ServiceSpec::new(
//!     "bank.v1.Accounts",
//!     &[Spec::new("bank.v1.Accounts", "Pay", 0, Kind::Unary).with_idempotency(Idempotency::Idempotent)],
//! );
//! static PAID: AtomicU32 = AtomicU32::new(0);
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Status> {
//! // A generated server gets the layer by `Mount::new(server).layer(..)`.
//! let mut accounts = ServiceBuilder::new()
//!     .layer(IdempotencyLayer::new(MemoryStore::new()))
//!     .service(service_fn(|_: Call| async {
//!         let receipt = format!("receipt {}", PAID.fetch_add(1, Ordering::Relaxed));
//!         let body = ReplyBody::Unary { message: receipt.into(), trailers: Metadata::new() };
//!         Ok::<_, Status>(Reply::new(Metadata::new(), body))
//!     }));
//!
//! let attempt = |id: u128| {
//!     let body = Body::Unary("100 to Ada".into());
//!     Call::new(ACCOUNTS.method(0), body).with_call_id(NonZeroU128::new(id).unwrap())
//! };
//! for _ in 0..3 {
//!     let reply = accounts.ready().await?.call(attempt(7)).await?;
//!     assert!(matches!(reply.body(), ReplyBody::Unary { message, .. } if message == "receipt 0"));
//! }
//! assert_eq!(PAID.load(Ordering::Relaxed), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where calls are remembered
//!
//! In a [`Store`]: [`MemoryStore`] for one instance, `KvStore` (feature `jetstream`) for all instances of a service, since
//! a repeat through the queue group lands on another instance; or one of your own, on anything that can compare and swap.
//! Calls are the same when their method, caller ([`IdempotencyLayer::with_caller`]) and id are. Metadata does not count.
//! A call with the id of another one and another request (told by its SHA-256) is refused: INTERNAL with
//! [`Reason::Protocol`](crate::Reason::Protocol), not to be made again. The library has no better code to give: the others
//! that come to mind are the service's own to say.
//!
//! # What a repeat gets
//!
//! | the first attempt | the repeat |
//! |---|---|
//! | succeeded | the same reply: message, metadata, trailers |
//! | failed for good, such as with NOT_FOUND ([`IdempotencyLayer::with_remembered_errors`]) | the same error |
//! | failed with anything else, such as UNAVAILABLE, RESOURCE_EXHAUSTED, INTERNAL, or with a panic | runs again |
//! | was refused before its handler ran | runs |
//! | runs, in this process | what comes of that: it joins |
//! | runs, on another instance | waits for that, looking every 10 to 250 ms, until its own deadline |
//! | ran on an instance that is gone | runs again after the [lease](IdempotencyLayer::with_lease), 5 s |
//! | was given up by all who had made it | runs again: the handler was dropped |
//! | had a result larger than the store takes | RESOURCE_EXHAUSTED, not to be made again: it is not run twice |
//!
//! A call that was joined goes on when its first caller leaves, for as long as one waits. It keeps the deadline of the
//! attempt that started it; who joined and has time left then runs it again. What another instance runs ends when its own
//! callers leave, whoever waits elsewhere.
//!
//! The reply is sent after it was remembered. If that fails the reply is sent all the same, and remembering is tried
//! further in the background; an attempt that is made meanwhile may run again. The same goes for an instance that stands
//! still for longer than its lease and then goes on: no store can keep it from that. So this layer makes a second run rare,
//! not impossible, which is why it takes only methods that are declared idempotent.
//!
//! # When the store can't be reached
//!
//! New calls are refused with UNAVAILABLE, as not processed, so that callers try another instance at once; or they run all
//! the same: [`OnStoreFailure`].

mod claim;
mod execution;
mod flights;
mod future;
mod identity;
#[cfg(feature = "jetstream")]
mod kv_store;
mod layer;
mod memory_store;
mod outcome;
mod place;
mod record;
mod service;
mod shared;
mod store;

pub use self::future::IdempotencyFuture;
#[cfg(feature = "jetstream")]
pub use self::kv_store::KvStore;
pub use self::layer::IdempotencyLayer;
pub use self::memory_store::MemoryStore;
pub use self::service::IdempotencyService;
pub use self::shared::OnStoreFailure;
pub use self::store::{Store, StoreFuture, Stored};

#[cfg(test)]
mod tests;
