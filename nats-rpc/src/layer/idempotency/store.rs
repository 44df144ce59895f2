use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::status::Status;

/// What a [`Store`] answers with later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, Status>> + Send + 'a>>;

/// Where calls are remembered: values by keys, each written only if nobody else wrote meanwhile.
///
/// Whoever has compare-and-swap and a time to live can be one: a key-value bucket, a table, a cache. What the values
/// mean is the layer's. They are forgotten some time after they were written last; that should be longer than any
/// caller goes on to repeat a call.
///
/// Keys are of the letters, digits, and `.`, `-`, `_`. An error says that the store could not be reached, or what it
/// answered makes no sense; it becomes the source of what the caller is told. No operation may wait for ever, and all
/// may be dropped at any time.
pub trait Store: Send + Sync + 'static {
    /// Writes a value where there is none. Its revision; `None` when there is one already.
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> StoreFuture<'a, Option<u64>>;

    /// What there is.
    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>>;

    /// Writes another value in place of the one with this revision. Its revision; `None` when that one is there no
    /// longer.
    fn replace<'a>(&'a self, key: &'a str, value: Bytes, revision: u64) -> StoreFuture<'a, Option<u64>>;

    /// Removes the value with this revision. Whether it was there.
    fn remove<'a>(&'a self, key: &'a str, revision: u64) -> StoreFuture<'a, bool>;

    /// The largest value that it takes, in bytes.
    fn max_value(&self) -> usize;
}

/// A value in a [`Store`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What was written.
    pub value: Bytes,
    /// A number that no other writing of the key has had.
    pub revision: u64,
}

/// Shared, by several layers for example.
impl<T: Store + ?Sized> Store for Arc<T> {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> StoreFuture<'a, Option<u64>> {
        (**self).create(key, value)
    }

    fn read<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Stored>> {
        (**self).read(key)
    }

    fn replace<'a>(&'a self, key: &'a str, value: Bytes, revision: u64) -> StoreFuture<'a, Option<u64>> {
        (**self).replace(key, value, revision)
    }

    fn remove<'a>(&'a self, key: &'a str, revision: u64) -> StoreFuture<'a, bool> {
        (**self).remove(key, revision)
    }

    fn max_value(&self) -> usize {
        (**self).max_value()
    }
}
