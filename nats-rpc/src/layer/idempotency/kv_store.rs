use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind, KeyValueError};
use async_nats::jetstream::kv::{self, Operation, UpdateError, UpdateErrorKind};
use bytes::Bytes;

use super::{Store, StoreFuture, Stored};
use crate::status::{BoxError, Status};
use crate::transport::{Connection, Epoch};

const TTL: Duration = Duration::from_secs(600);
const TIMEOUT: Duration = Duration::from_secs(2);
const MAX_VALUE: usize = 256 << 10;
/// More than subject and headers of a message to JetStream.
const ENVELOPE: usize = 8 << 10;

/// Remembers calls in a JetStream key-value bucket, for all instances of a service: a repeat that lands on another
/// instance finds them there.
///
/// It works by the connection it was made with, across reconnects; while there is none, and while JetStream does not answer
/// within 2 s, it fails (see [`OnStoreFailure`](super::OnStoreFailure)). A call that is remembered costs two messages to
/// JetStream that are acknowledged: one before the handler runs, and one before the reply is sent.
///
/// A user needs these permissions, where `B` is the bucket: publish `$KV.B.>`, `$JS.API.STREAM.INFO.KV_B`,
/// `$JS.API.DIRECT.GET.KV_B.>`, and subscribe the inbox that the connection has; to create the bucket, also publish
/// `$JS.API.INFO` and `$JS.API.STREAM.CREATE.KV_B`.
pub struct KvStore {
    connection: Connection,
    config: kv::Config,
    timeout: Duration,
    max_value: usize,
    /// The bucket as the current connection has it.
    bucket: Mutex<Option<Known>>,
}

type Known = (Weak<Epoch>, kv::Store);

impl KvStore {
    /// Remembers calls in this bucket. A name is of letters, digits, `-` and `_`. Several services can share one.
    ///
    /// A bucket that is there is taken as it is. Where there is none, the first call creates it.
    #[must_use]
    pub fn new(connection: Connection, bucket: impl Into<String>) -> Self {
        let config = kv::Config {
            bucket: bucket.into(),
            description: "what is remembered of calls".to_owned(),
            history: 1,
            max_age: TTL,
            ..kv::Config::default()
        };
        Self { connection, config, timeout: TIMEOUT, max_value: MAX_VALUE, bucket: Mutex::default() }
    }

    /// Sets how long a call is remembered, in a bucket that is yet to be created. Default: 10 minutes.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.config.max_age = ttl;
        self
    }

    /// Sets how many servers of a cluster have a copy of a bucket that is yet to be created. Default: 1.
    #[must_use]
    pub fn with_replicas(mut self, replicas: usize) -> Self {
        self.config.num_replicas = replicas;
        self
    }

    /// Sets how many bytes a bucket holds that is yet to be created. While it is full the store fails, as JetStream's buckets
    /// take nothing new then. Default: as many as JetStream has room for.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: i64) -> Self {
        self.config.max_bytes = bytes;
        self
    }

    /// Sets how large the result of one call may be, in bytes. What the NATS server allows for a message (`max_payload`), less
    /// 8 KiB, limits it too. Default: 256 KiB.
    #[must_use]
    pub fn with_max_value(mut self, bytes: usize) -> Self {
        self.max_value = bytes;
        self
    }

    /// Sets how long JetStream may take to answer. Default: 2 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens the bucket, creating it if it is not there, so that a service that can't be does not start.
    ///
    /// # Errors
    /// UNAVAILABLE when there is no connection, FAILED_PRECONDITION when that is not to a NATS server, UNKNOWN with what
    /// JetStream says when the bucket can't be had.
    pub async fn open(&self) -> Result<(), Status> {
        self.run(|_| std::future::ready(Ok(()))).await
    }

    /// Works with the bucket on the current connection.
    fn run<'a, T, F>(&'a self, work: impl FnOnce(kv::Store) -> F + Send + 'a) -> StoreFuture<'a, T>
    where
        F: Future<Output = Result<T, Status>> + Send + 'a,
    {
        Box::pin(async move {
            let epoch = self.connection.epoch()?;
            let work = async { work(self.bucket(&epoch).await?).await };
            let outcome = tokio::select! {
                biased;
                outcome = tokio::time::timeout(self.timeout, work) => outcome.unwrap_or_else(|_| {
                    Err(Status::unavailable(format!("JetStream did not answer within {:?}", self.timeout)))
                }),
                // Its client waits for answers that can't come any more.
                () = epoch.ended() => Err(epoch.failure()),
            };
            if outcome.is_err() {
                // Somebody may have deleted it.
                *self.known() = None;
            }
            outcome
        })
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn bucket(&self, epoch: &Arc<Epoch>) -> Result<kv::Store, Status> {
        let is_current = |known: &Weak<Epoch>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(epoch));
        if let Some((known, bucket)) = &*self.known()
            && is_current(known)
        {
            return Ok(bucket.clone());
        }
        let jetstream = async_nats::jetstream::new(epoch.nats_client().await?);
        let bucket = match jetstream.get_key_value(&self.config.bucket).await {
            Err(error) if is_absent(&error) => {
                jetstream.create_key_value(self.config.clone()).await.map_err(failed)?
            }
            found => found.map_err(failed)?,
        };
        *self.known() = Some((Arc::downgrade(epoch), bucket.clone()));
        Ok(bucket)
    }
}

/// Whether the NATS server says that there is no such bucket.
fn is_absent(error: &KeyValueError) -> bool {
    let cause = error.source().and_then(|source| source.downcast_ref::<GetStreamError>());
    cause.is_some_and(|cause| {
        matches!(cause.kind(), GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
    })
}

fn failed(error: impl Into<BoxError>) -> Status {
    let error = error.into();
    Status::unknown(format!("JetStream: {error}")).with_source(error)
}

/// `None`: somebody else has written.
fn unless_overtaken<T>(written: Result<T, UpdateError>) -> Result<Option<T>, Status> {
    match written {
        Ok(written) => Ok(Some(written)),
        Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

impl Store for KvStore {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> StoreFuture<'a, Option<u64>> {
        self.run(move |bucket| async move {
            if let Some(revision) = unless_overtaken(bucket.update(key, value.clone(), 0).await)? {
                return Ok(Some(revision));
            }
            match bucket.entry(key).await.map_err(failed)? {
                // What was removed leaves a mark.
                Some(entry) if entry.operation != Operation::Put => {
                    unless_overtaken(bucket.update(key, value, entry.revision).await)
                }
                _ => Ok(None),
            }
        })
    }

    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        self.run(move |bucket| async move {
            let entry = bucket.entry(key).await.map_err(failed)?;
            let entry = entry.filter(|entry| entry.operation == Operation::Put);
            Ok(entry.map(|entry| Stored { value: entry.value, revision: entry.revision }))
        })
    }

    fn replace<'a>(&'a self, key: &'a str, value: Bytes, revision: u64) -> StoreFuture<'a, Option<u64>> {
        self.run(move |bucket| async move { unless_overtaken(bucket.update(key, value, revision).await) })
    }

    fn remove<'a>(&'a self, key: &'a str, revision: u64) -> StoreFuture<'a, bool> {
        self.run(move |bucket| async move {
            let removed = bucket.delete_expect_revision(key, Some(revision)).await;
            unless_overtaken(removed).map(|removed| removed.is_some())
        })
    }

    fn max_value(&self) -> usize {
        let most = self.connection.epoch().map_or(usize::MAX, |epoch| epoch.max_payload());
        self.max_value.min(most.saturating_sub(ENVELOPE))
    }
}

impl fmt::Debug for KvStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvStore").field("bucket", &self.config.bucket).finish_non_exhaustive()
    }
}
