use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

use super::claim::{Claim, Won};
use super::flights::{Boarded, Landing};
use super::identity::Identity;
use super::outcome::{OneReply, Outcome};
use super::shared::{OnStoreFailure, Shared};
use crate::raw::{Call, Reply};
use crate::status::{BoxError, Code, Reason, Status};

/// Answers a call: runs it, joins the one that runs, or takes what is remembered.
pub(super) async fn answer<S>(
    shared: Arc<Shared>,
    service: S,
    call: Call,
    identity: Identity,
) -> Result<Reply, Status>
where
    S: Service<Call, Response = Reply> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    let deadline = call.context().deadline();
    let method = call.method().clone();
    let mut call = Some(call);
    loop {
        let boarded = shared.flights.board(&identity, |landing| {
            let call = call.take().expect("only the first has no call any more, and it returns");
            let (shared, service) = (Arc::clone(&shared), service.clone());
            run(Execution { shared, service, call, identity: identity.clone(), _landing: landing })
        });
        let (flight, is_first) = match boarded {
            Boarded::First(flight) => (flight, true),
            Boarded::Joined(flight) => (flight, false),
            Boarded::Mismatch => return Err(mismatch()),
        };
        let outcome = match deadline {
            None => flight.await,
            Some(deadline) => timeout_at(deadline, flight).await.unwrap_or_else(|_| {
                let text = format!("{method} did not end before the deadline");
                Err(Status::deadline_exceeded(text).with_reason(Reason::Deadline))
            }),
        };
        // Whose own time is not over need not share the end of another one's.
        let is_cut_short = |status: &Status| {
            matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled)
                && deadline.is_none_or(|deadline| deadline > Instant::now())
        };
        match outcome {
            Err(status) if !is_first && is_cut_short(&status) => {}
            outcome => return outcome.map(Reply::from),
        }
    }
}

/// The first of a call in this process.
struct Execution<S> {
    shared: Arc<Shared>,
    service: S,
    call: Call,
    identity: Identity,
    _landing: Landing,
}

async fn run<S>(execution: Execution<S>) -> Outcome
where
    S: Service<Call, Response = Reply> + Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    let Execution { shared, service, call, identity, _landing } = execution;
    let mut claim = Claim::new(Arc::clone(&shared.store), identity, shared.lease);
    let store_failed = match claim.win().await {
        Ok(Won::First) => false,
        Ok(Won::Ended(outcome)) => return outcome,
        Ok(Won::Mismatch) => return Err(mismatch()),
        Err(failure) => match shared.on_store_failure {
            OnStoreFailure::Refuse => return Err(unreachable_store(failure)),
            OnStoreFailure::RunAnyway => {
                tracing::warn!(status = %failure, "a call runs although it can't be remembered now");
                claim.take_unseen();
                true
            }
        },
    };
    let outcome = {
        let handling = AssertUnwindSafe(handle(service, call)).catch_unwind();
        tokio::pin!(handling);
        let handled = tokio::select! {
            biased;
            handled = &mut handling => handled,
            // The claim is lost, but what runs has its effects already.
            () = claim.keep() => handling.await,
        };
        handled.unwrap_or_else(|_| {
            tracing::error!("a service panicked");
            Err(Status::unknown("the service panicked").with_reason(Reason::Panic))
        })
    };
    let remembered = shared.is_final(&outcome).then_some(&outcome);
    if store_failed {
        claim.end_later(remembered);
    } else {
        claim.end(remembered).await;
    }
    outcome
}

async fn handle<S>(mut service: S, call: Call) -> Outcome
where
    S: Service<Call, Response = Reply>,
    S::Error: Into<BoxError>,
{
    let method = call.method().clone();
    let error = |error: S::Error| Status::from_error(error.into());
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(error)?;
    OneReply::of(service.call(call).await.map_err(error)?, &method)
}

/// Not FAILED_PRECONDITION or the like: those are the service's own to say. A client that gives the id of one call to
/// another breaks the protocol.
fn mismatch() -> Status {
    Status::internal("the call has the id of another call, with another request")
        .with_reason(Reason::Protocol)
        .with_no_retry()
}

fn unreachable_store(failure: Status) -> Status {
    Status::unavailable(format!("what is remembered of calls can't be reached: {failure}"))
        .with_source(Arc::new(failure) as Arc<_>)
        .with_not_processed()
}
