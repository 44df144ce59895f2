use std::cell::RefCell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;
use tokio::time::Instant;

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::new()) };
}

/// What a call passes on to the calls that its handler makes: by now its deadline.
///
/// A handler's context is in force while the handler runs: calls made by any client inherit it without a
/// parameter. [`spawn`] carries it into a task; a call's `detached()` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    deadline: Option<Instant>,
    attempt: u32,
}

impl Context {
    /// A context without a deadline.
    #[must_use]
    pub const fn new() -> Self {
        Self { deadline: None, attempt: 0 }
    }

    /// The context of the handler that is running, or an empty one.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.with_borrow(Self::clone)
    }

    /// When the caller gives up. `None`: never.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How much time is left until the deadline; zero after it, `None` without one.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Which attempt of the caller this is: 0 for the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    pub(crate) fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Moves the deadline to `deadline` unless it is earlier already.
    pub(crate) fn limit(&mut self, deadline: Instant) {
        self.deadline = Some(self.deadline.map_or(deadline, |own| own.min(deadline)));
    }
}

/// Spawns a task that keeps the context of the handler that spawns it, its deadline above all.
///
/// `tokio::spawn` would lose it: calls made in such a task would not know of the caller's deadline.
///
/// # Panics
/// Outside of a Tokio runtime, as `tokio::spawn` does.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(Scope::new(Context::current(), future))
}

pin_project! {
    /// Runs a future with a context in force.
    pub(crate) struct Scope<F> {
        context: Context,
        #[pin]
        future: F,
    }
}

impl<F> Scope<F> {
    pub(crate) fn new(context: Context, future: F) -> Self {
        Self { context, future }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(this.context);
        this.future.poll(cx)
    }
}

/// Exchanges a context with the current one, and back when dropped, in a panic too.
struct Entered<'a>(&'a mut Context);

impl<'a> Entered<'a> {
    fn new(context: &'a mut Context) -> Self {
        CURRENT.with_borrow_mut(|current| mem::swap(current, context));
        Self(context)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| mem::swap(current, self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Context, Scope, spawn};

    fn with_deadline(seconds: u64) -> Context {
        let mut context = Context::new();
        context.limit(Instant::now() + Duration::from_secs(seconds));
        context
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_in_force_inside_and_nowhere_else() {
        let context = with_deadline(7);
        let inner = Scope::new(context.clone(), async {
            tokio::task::yield_now().await;
            (Context::current(), spawn(async { Context::current() }).await.unwrap())
        });
        assert_eq!(inner.await, (context.clone(), context));
        assert_eq!(Context::current(), Context::new());
    }

    #[tokio::test(start_paused = true)]
    async fn the_earlier_deadline_wins() {
        let mut context = with_deadline(7);
        context.limit(Instant::now() + Duration::from_secs(9));
        assert_eq!(context.time_remaining(), Some(Duration::from_secs(7)));
        context.limit(Instant::now() + Duration::from_secs(3));
        assert_eq!(context.time_remaining(), Some(Duration::from_secs(3)));
    }

    #[tokio::test]
    async fn a_panic_leaves_no_context_behind() {
        let panicking = Scope::new(with_deadline(1), async { panic!("on purpose") });
        let outcome = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(panicking)).await;
        assert!(outcome.is_err());
        assert_eq!(Context::current(), Context::new());
    }
}
