use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;

use super::Context;

/// Spawns a task that keeps the context of the handler that spawns it: deadline, cancellation, priority and trace.
///
/// `tokio::spawn` would lose it: calls made in such a task would know nothing of the caller. The task itself is not
/// aborted when the caller gives up, but its calls end with CANCELLED, and [`Context::cancelled`] tells it.
///
/// # Panics
/// Outside of a Tokio runtime, as `tokio::spawn` does.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    tokio::spawn(Scope { context: Context::current(), ended: false, future })
}

pin_project! {
    /// Runs a future with a context in force.
    pub(crate) struct Scope<F> {
        context: Context,
        ended: bool,
        #[pin]
        future: F,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if !*this.ended {
                this.context.cancel();
            }
        }
    }
}

impl<F> Scope<F> {
    /// For the handler of the call that has this context. When it is dropped before its end, whatever depends on it
    /// is cancelled.
    pub(crate) fn of_handler(context: Context, future: F) -> Self {
        Self { context: context.into_handlers(), ended: false, future }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let entered = Entered::new(this.context);
        let polled = this.future.poll(cx);
        drop(entered);
        *this.ended = polled.is_ready();
        polled
    }
}

/// Exchanges a context with the current one, and back when dropped, in a panic too.
struct Entered<'a>(&'a mut Context);

impl<'a> Entered<'a> {
    fn new(context: &'a mut Context) -> Self {
        context.swap_with_current();
        Self(context)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.swap_with_current();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::{Context, Scope, spawn};
    use crate::call::Priority;

    fn with_deadline(seconds: u64) -> Context {
        let mut context = Context::new();
        context.limit(Instant::now() + Duration::from_secs(seconds));
        context.with_priority(Priority::Sheddable)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_in_force_inside_and_nowhere_else() {
        let context = with_deadline(7);
        let inner = Scope::of_handler(context.clone(), async {
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
        let panicking = Scope::of_handler(with_deadline(1), async { panic!("on purpose") });
        let outcome = std::panic::AssertUnwindSafe(panicking).catch_unwind().await;
        assert!(outcome.is_err());
        assert_eq!(Context::current(), Context::new());
    }

    #[tokio::test]
    async fn a_handler_that_is_dropped_cancels_what_it_started_and_no_more() {
        let mut handler = Box::pin(Scope::of_handler(Context::new(), async {
            let inner = spawn(async { spawn(async { Context::current() }).await.unwrap() }).await.unwrap();
            (Context::current(), inner)
        }));
        let (own, inner) = handler.as_mut().await;
        drop(handler);
        assert!(!own.is_cancelled() && !inner.is_cancelled(), "it had ended");

        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut handler = Box::pin(Scope::of_handler(Context::new(), async move {
            sender.send(spawn(async { Context::current() }).await.unwrap()).unwrap();
            std::future::pending::<()>().await;
        }));
        let context = tokio::select! {
            context = receiver => context.unwrap(),
            () = handler.as_mut() => unreachable!(),
        };
        assert!(!context.is_cancelled());
        assert!(context.cancelled().now_or_never().is_none());
        drop(handler);
        assert!(context.is_cancelled());
        context.cancelled().await;
        assert!(!Context::current().is_cancelled());
    }

    #[tokio::test]
    async fn a_handler_within_a_handler_is_cancelled_with_it() {
        let outer = Scope::of_handler(Context::new(), async { Context::current() });
        let mut outer = Box::pin(outer);
        let call = outer.as_mut().await;
        let inner = Scope::of_handler(call, async { Context::current() }).await;
        // The outer one ended well, so it cancels nothing.
        drop(outer);
        assert!(!inner.is_cancelled());
    }
}
