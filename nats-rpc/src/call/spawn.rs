use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;

use super::{Context, Scope};

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
    tokio::spawn(Scoped { scope: Scope::within(Context::current()), future })
}

pin_project! {
    /// A future that runs in a scope.
    struct Scoped<F> {
        scope: Scope,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.scope.enter(|| this.future.poll(cx));
        if polled.is_ready() {
            this.scope.end();
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt;
    use tokio::time::Instant;

    use super::{Context, Scope, Scoped, spawn};
    use crate::call::Priority;

    fn scoped<F>(context: Context, future: F) -> Scoped<F> {
        Scoped { scope: Scope::of_handler(context), future }
    }

    fn with_deadline(seconds: u64) -> Context {
        let mut context = Context::new();
        context.limit(Instant::now() + Duration::from_secs(seconds));
        context.with_priority(Priority::Sheddable)
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_in_force_inside_and_nowhere_else() {
        let context = with_deadline(7);
        let inner = scoped(context.clone(), async {
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
        let panicking = scoped(with_deadline(1), async { panic!("on purpose") });
        let outcome = std::panic::AssertUnwindSafe(panicking).catch_unwind().await;
        assert!(outcome.is_err());
        assert_eq!(Context::current(), Context::new());
    }

    #[tokio::test]
    async fn a_handler_that_is_dropped_cancels_what_it_started_and_no_more() {
        let mut handler = Box::pin(scoped(Context::new(), async {
            let inner = spawn(async { spawn(async { Context::current() }).await.unwrap() }).await.unwrap();
            (Context::current(), inner)
        }));
        let (own, inner) = handler.as_mut().await;
        drop(handler);
        assert!(!own.is_cancelled() && !inner.is_cancelled(), "it had ended");

        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut handler = Box::pin(scoped(Context::new(), async move {
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
        let outer = scoped(Context::new(), async { Context::current() });
        let mut outer = Box::pin(outer);
        let call = outer.as_mut().await;
        let inner = scoped(call, async { Context::current() }).await;
        // The outer one ended well, so it cancels nothing.
        drop(outer);
        assert!(!inner.is_cancelled());
    }
}
