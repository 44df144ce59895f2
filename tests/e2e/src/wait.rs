use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take on a machine that is busy.
pub const LONG: Duration = Duration::from_secs(30);

/// Waits until `condition` holds.
///
/// # Panics
/// When it does not within [`LONG`].
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < LONG, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The output of `future`.
///
/// # Panics
/// When there is none within twice [`LONG`].
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(LONG * 2, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what} took too long"),
    }
}

/// Counts something that happens in handlers. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Count(Arc<AtomicUsize>);

impl Count {
    /// Starts at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one more.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// How many there are.
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until there are at least so many.
    ///
    /// # Panics
    /// When there are fewer for too long.
    pub async fn reach(&self, count: usize) {
        until(&format!("{count} were counted"), || self.get() >= count).await;
    }

    /// Counts one more when it is dropped.
    #[must_use]
    pub fn guard(&self) -> Guard {
        Guard(self.clone())
    }
}

/// Counts its own end. Made by [`Count::guard`].
#[derive(Debug)]
pub struct Guard(Count);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.add();
    }
}
