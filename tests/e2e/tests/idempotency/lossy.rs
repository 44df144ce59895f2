use std::collections::HashSet;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use nats_rpc::raw::{Call, CallService, Reply};
use tokio::sync::watch;
use tower::{BoxError, Service};

/// A call's id, and the number of the attempt.
pub(super) type Attempt = (u128, u32);

/// Loses replies: what an instance has done, and remembered, its caller never hears of.
#[derive(Clone)]
pub(super) struct Losses {
    loses: fn(Attempt) -> bool,
    lost: Arc<watch::Sender<HashSet<Attempt>>>,
}

impl Losses {
    pub(super) fn of(loses: fn(Attempt) -> bool) -> Self {
        Self { loses, lost: Arc::new(watch::Sender::default()) }
    }

    /// Completes when the reply to the attempt is lost.
    pub(super) async fn of_attempt(&self, attempt: Attempt) {
        let mut lost = self.lost.subscribe();
        lost.wait_for(|lost| lost.contains(&attempt)).await.unwrap();
    }

    pub(super) fn count(&self) -> usize {
        self.lost.borrow().len()
    }

    pub(super) fn around<S>(&self, inner: S) -> Lossy<S> {
        Lossy { inner, losses: self.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Lossy<S> {
    inner: S,
    losses: Losses,
}

impl<S: CallService> Service<Call> for Lossy<S> {
    type Response = Reply;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let attempt = (call.call_id().unwrap().get(), call.context().attempt());
        let (answering, losses) = (self.inner.call(call), self.losses.clone());
        Box::pin(async move {
            let answer = answering.await.map_err(Into::into);
            if (losses.loses)(attempt) {
                losses.lost.send_modify(|lost| {
                    lost.insert(attempt);
                });
                pending::<()>().await;
            }
            answer
        })
    }
}
