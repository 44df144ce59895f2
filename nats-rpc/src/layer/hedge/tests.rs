//! Hedged calls of services that answer as they are told, under paused time.

mod script;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use tokio::time::{Instant, timeout};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Service, ServiceBuilder, ServiceExt};

use self::script::{Answer, DELAY, Log, MS, call, call_of, call_paid_from, scripted, winner};
use super::HedgeLayer;
use crate::layer::{CallPolicy, RetryLayer};
use crate::raw::{Body, Budget, Call, Reply, Throttle};
use crate::spec::{HedgeSpec, Idempotency, Kind, Method, Spec};
use crate::status::{Code, Reason, Status};

fn unavailable() -> Status {
    Status::unavailable("")
}

/// Makes one hedged call.
async fn make(answers: impl Into<Vec<Answer>>) -> (Result<usize, Status>, Log) {
    let (service, log) = scripted(answers);
    let outcome = ServiceBuilder::new().layer(HedgeLayer::new()).service(service).oneshot(call()).await;
    (outcome.map(winner), log)
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_ends_it() {
    let (outcome, log) = make([Answer::Ok(DELAY / 2)]).await;
    assert_eq!((outcome.unwrap(), log.times()), (0, vec![0]));
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_wins_and_the_others_are_given_up_then() {
    let (outcome, log) = make([Answer::Ok(DELAY * 9), Answer::Ok(DELAY * 5), Answer::Hangs]).await;
    assert_eq!((outcome.unwrap(), log.times()), (1, vec![0, 10, 20]));
    let seen = log.seen();
    assert_eq!(seen.iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(seen[0].id.is_some() && seen.iter().all(|each| each.id == seen[0].id), "{seen:?}");
    let given_up: Vec<_> = seen.iter().map(|seen| seen.given_up).collect();
    assert_eq!(given_up, [Some(DELAY * 6), None, Some(DELAY * 6)]);
    let (outcome, log) = make([Answer::Ok(DELAY * 3 / 2), Answer::Hangs]).await;
    assert_eq!((outcome.unwrap(), log.times()), (0, vec![0, 10]), "a hedge may lose too");
}

#[tokio::test(start_paused = true)]
async fn when_it_is_dropped_all_attempts_are() {
    let (service, log) = scripted([Answer::Hangs]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    assert!(timeout(DELAY * 5, service.oneshot(call())).await.is_err());
    assert!(log.attempts() == 3 && log.seen().iter().all(|seen| seen.given_up == Some(DELAY * 5)));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_that_is_not_fatal_the_next_is_made_at_once() {
    let (outcome, log) = make([Answer::Failed(MS * 3, unavailable()), Answer::Ok(MS)]).await;
    assert_eq!((outcome.unwrap(), log.times()), (1, vec![0, 3]));
    let (outcome, log) = make([Answer::Failed(MS * 3, unavailable())]).await;
    assert_eq!(outcome.unwrap_err().code(), Code::Unavailable);
    assert_eq!(log.times(), [0, 3, 6]);
}

#[tokio::test(start_paused = true)]
async fn a_fatal_failure_ends_the_call_whatever_else_runs() {
    let refused = Status::invalid_argument("no");
    let (outcome, log) = make([Answer::Hangs, Answer::Failed(MS, refused), Answer::Ok(MS)]).await;
    assert_eq!(outcome.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(log.times(), [0, 10]);
    assert_eq!(log.seen()[0].given_up, Some(DELAY + MS));
}

#[tokio::test(start_paused = true)]
async fn the_service_says_when_the_next_is_made_or_that_there_is_none() {
    let later = unavailable().with_retry_after(MS * 500);
    let (outcome, log) = make([Answer::Failed(MS, later), Answer::Hangs, Answer::Ok(MS)]).await;
    assert_eq!((outcome.unwrap(), log.times()), (2, vec![0, 501, 511]));
    let never = unavailable().with_no_retry();
    let (outcome, log) = make([Answer::Failed(MS, never.clone()), Answer::Ok(MS)]).await;
    assert_eq!((outcome.unwrap_err().code(), log.times()), (Code::Unavailable, vec![0]));
    let (outcome, log) = make([Answer::Ok(DELAY * 8), Answer::Failed(MS, never), Answer::Ok(MS)]).await;
    assert_eq!((outcome.unwrap(), log.times()), (0, vec![0, 10]), "what runs may still succeed");
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_and_an_absent_service_are_not_asked_again() {
    for reason in [Reason::CircuitOpen, Reason::NoResponders, Reason::NotConnected] {
        let status = unavailable().with_reason(reason).with_not_processed();
        let (outcome, log) = make([Answer::Failed(MS, status), Answer::Ok(MS)]).await;
        let status = outcome.unwrap_err();
        assert_eq!((status.reason(), log.times()), (Some(reason), vec![0]));
        assert!(status.is_not_processed());
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_not_processed_if_no_attempt_was() {
    let refused = || Answer::Failed(MS, unavailable().with_not_processed());
    let (outcome, _) = make([refused()]).await;
    assert!(outcome.unwrap_err().is_not_processed());
    let (outcome, log) = make([Answer::Failed(MS, unavailable()), refused()]).await;
    assert!(!outcome.unwrap_err().is_not_processed());
    assert_eq!(log.attempts(), 3);
    // What is fatal ends those that run.
    let busy = || Answer::Failed(MS, Status::resource_exhausted("").with_not_processed());
    let (outcome, _) = make([busy()]).await;
    assert!(outcome.unwrap_err().is_not_processed());
    for first in [Answer::Hangs, Answer::Failed(MS, unavailable())] {
        let (outcome, log) = make([first, busy()]).await;
        let failure = outcome.unwrap_err();
        assert_eq!((failure.code(), log.attempts()), (Code::ResourceExhausted, 2));
        assert!(!failure.is_not_processed(), "the first may have run");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_hedged_passes_as_it_is() {
    const SPEC: Spec = Spec::new("a.S", "Do", 0, Kind::Unary);
    const HEDGE: HedgeSpec = HedgeSpec::new().with_delay(DELAY);
    static UNKNOWN: Spec = SPEC.with_hedge(HEDGE);
    static OFF: Spec = SPEC.with_idempotency(Idempotency::NoSideEffects);
    let requests = call().with_body(Body::Stream(Box::pin(stream::pending())));
    for call in [call_of(&UNKNOWN), call_of(&OFF), requests] {
        let (service, log) = scripted([Answer::Failed(DELAY * 5, unavailable())]);
        let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
        assert_eq!(service.oneshot(call).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(log.times(), [0]);
        assert_eq!(log.seen()[0].id, None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotent_method_is_hedged_where_that_is_asked_for() {
    static PUT: Spec = Spec::new("a.S", "Put", 0, Kind::Unary)
        .with_idempotency(Idempotency::Idempotent)
        .with_hedge(HedgeSpec::new().with_delay(DELAY));
    let (service, log) = scripted([Answer::Hangs, Answer::Ok(MS)]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    assert_eq!(winner(service.oneshot(call_of(&PUT)).await.unwrap()), 1);
    let seen = log.seen();
    assert!(seen[0].id.is_some() && seen[0].id == seen[1].id, "the service can tell that it is one call");
}

#[tokio::test(start_paused = true)]
async fn a_call_may_have_a_policy_of_its_own() {
    static OFF: Spec = Spec::new("a.S", "Do", 0, Kind::Unary).with_idempotency(Idempotency::NoSideEffects);
    let with = |mut call: Call, hedge| {
        call.extensions_mut().insert(CallPolicy { hedge: Some(hedge), ..CallPolicy::default() });
        call
    };
    let (service, log) = scripted([Answer::Hangs, Answer::Ok(MS)]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    let hedged = with(call_of(&OFF), HedgeSpec::new().with_delay(MS * 7));
    assert_eq!(winner(service.clone().oneshot(hedged).await.unwrap()), 1);
    assert_eq!(log.times(), [0, 7]);
    let (service, log) = scripted([Answer::Ok(DELAY * 9)]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    service.oneshot(with(call(), HedgeSpec::off())).await.unwrap();
    assert_eq!(log.times(), [0]);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_made_past_the_deadline() {
    let (service, log) = scripted([Answer::Failed(DELAY * 3 / 2, unavailable()), Answer::Hangs]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    let call = call().with_timeout(DELAY * 3 / 2);
    let outcome = timeout(DELAY * 3 / 2, service.oneshot(call)).await;
    assert!(outcome.is_err() && log.times() == [0, 10], "{:?}", log.times());
    assert!(log.seen().iter().all(|seen| seen.deadline == Some(DELAY * 3 / 2)), "one for all");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_a_time_of_its_own() {
    let over = || Answer::Failed(MS * 5, Status::deadline_exceeded("").with_reason(Reason::Deadline));
    let (service, log) = scripted([over(), over(), Answer::Ok(MS)]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    let mut call = call().with_timeout(MS * 12);
    let policy = CallPolicy { attempt_timeout: Some(MS * 5), ..CallPolicy::default() };
    call.extensions_mut().insert(policy);
    assert_eq!(winner(service.oneshot(call).await.unwrap()), 2);
    assert_eq!(log.times(), [0, 5, 10]);
    let deadlines: Vec<_> = log.seen().iter().filter_map(|seen| seen.deadline).collect();
    assert_eq!(deadlines, [MS * 5, MS * 10, MS * 12], "never more than the call's");
}

#[tokio::test(start_paused = true)]
async fn below_retries_the_time_of_an_attempt_is_still_that_of_each() {
    let over = || Answer::Failed(MS * 5, Status::deadline_exceeded("").with_reason(Reason::Deadline));
    let (service, log) = scripted([over(), over(), Answer::Ok(MS)]);
    let layers = ServiceBuilder::new().layer(RetryLayer::new()).layer(HedgeLayer::new());
    let mut call = call();
    let policy = CallPolicy { attempt_timeout: Some(MS * 5), ..CallPolicy::default() };
    call.extensions_mut().insert(policy);
    assert_eq!(winner(layers.service(service).oneshot(call).await.unwrap()), 2);
    assert_eq!(log.times(), [0, 5, 10]);
    let seen = log.seen();
    assert_eq!(seen.iter().map(|seen| seen.attempt).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(seen[0].id.is_some() && seen.iter().all(|each| each.id == seen[0].id), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn attempts_are_paid_for() {
    let (service, log) = scripted([Answer::Failed(MS, unavailable())]);
    let mut service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    for _ in 0..100 {
        service.ready().await.unwrap().call(call()).await.unwrap_err();
    }
    // Before anything is known of failures the budget pays for a fifth, and ten a second.
    assert!((110..=130).contains(&log.attempts()), "{}", log.attempts());
    let budget = Arc::new(Budget::new());
    while budget.withdraw(Instant::now()) {}
    let (service, log) = scripted([Answer::Ok(DELAY * 9)]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    service.oneshot(call_paid_from(&budget)).await.unwrap();
    assert_eq!(log.times(), [0], "what others have spent is gone");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_counts_attempts_that_fail_and_calls_that_succeed() {
    let failed = |times| vec![Answer::Failed(MS, unavailable()); times];
    let (service, log) = scripted([failed(3), vec![Answer::Ok(MS); 4], failed(2)].concat());
    let throttled = |_: &str| Budget::new().with_throttle(Throttle::new(4, 1.0));
    let layer = HedgeLayer::new().with_budget(throttled);
    let mut service = ServiceBuilder::new().layer(layer).service(service);
    let mut attempts = Vec::new();
    for _ in 0..7 {
        let before = log.attempts();
        let _ = service.ready().await.unwrap().call(call()).await;
        attempts.push(log.attempts() - before);
    }
    // At half of the four tokens there is no third attempt, below it no second one; four answers fill it up again.
    assert_eq!(attempts, [2, 1, 1, 1, 1, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn how_a_call_ends_is_counted_by_who_has_brought_the_budget() {
    let (service, log) = scripted([Answer::Failed(MS, unavailable())]);
    let budget = Arc::new(Budget::new().with_throttle(Throttle::new(6, 1.0)));
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    service.oneshot(call_paid_from(&budget)).await.unwrap_err();
    assert_eq!(log.attempts(), 3);
    let throttle = budget.throttle().unwrap();
    assert!(throttle.allows(), "two of six tokens");
    throttle.failed();
    assert!(!throttle.allows());
}

/// Makes calls until the method is well known.
async fn warm_up<S>(service: &mut S, calls: usize)
where
    S: Service<Call, Response = Reply, Error = Status>,
{
    for _ in 0..calls {
        // An outcome that is a failure is one to learn from, too.
        let _ = service.ready().await.unwrap().call(call_by_percentile()).await;
    }
}

fn call_by_percentile() -> Call {
    static SPEC: Spec = Spec::new("a.S", "Learnt", 0, Kind::Unary)
        .with_idempotency(Idempotency::NoSideEffects)
        .with_hedge(HedgeSpec::new());
    call_of(&SPEC)
}

#[tokio::test(start_paused = true)]
async fn without_a_delay_it_learns_when_an_answer_is_late() {
    let mut answers = vec![Answer::Ok(MS * 20); 99];
    answers.push(Answer::Ok(MS * 300));
    answers.extend([Answer::Hangs, Answer::Ok(MS)]);
    let (service, log) = scripted(answers);
    let mut service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    warm_up(&mut service, 100).await;
    assert_eq!(log.attempts(), 100, "before that nothing is late");
    let start = Instant::now();
    let given = service.ready().await.unwrap().call(call_by_percentile()).await.unwrap();
    assert_eq!(winner(given), 101);
    let waited = start.elapsed() - MS;
    assert!(waited >= MS * 20 && waited <= MS * 21, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_gets_no_more_attempts() {
    let mut answers = vec![Answer::Ok(MS); 130];
    answers.extend(vec![Answer::Failed(MS, Status::internal("")); 30]);
    answers.push(Answer::Ok(Duration::from_secs(1)));
    let (service, log) = scripted(answers);
    let mut service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    warm_up(&mut service, 160).await;
    service.ready().await.unwrap().call(call_by_percentile()).await.unwrap();
    assert_eq!(log.attempts(), 161);
}

#[tokio::test(start_paused = true)]
async fn those_that_hang_do_not_stop_it_and_move_the_percentile_only_so_far() {
    let mut answers = vec![Answer::Ok(MS * 20); 160];
    answers.extend(vec![Answer::Hangs; 40]);
    answers.extend([Answer::Hangs, Answer::Ok(MS)]);
    let (service, log) = scripted(answers);
    let mut service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    warm_up(&mut service, 160).await;
    while log.attempts() < 200 {
        let call = service.ready().await.unwrap().call(call_by_percentile());
        assert!(timeout(MS * 300, call).await.is_err());
    }
    let start = Instant::now();
    let call = service.ready().await.unwrap().call(call_by_percentile());
    let given = timeout(MS * 5000, call).await.expect("it is hedged").unwrap();
    assert_eq!(winner(given), 201);
    let waited = start.elapsed() - MS;
    assert!(waited >= MS * 200 && waited <= MS * 210, "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hedge_waits_until_the_service_is_ready_for_it() {
    let (service, log) = scripted([Answer::Failed(DELAY * 4, unavailable()), Answer::Ok(MS)]);
    let layers = ServiceBuilder::new().layer(HedgeLayer::new()).layer(ConcurrencyLimitLayer::new(1));
    assert_eq!(winner(layers.service(service).oneshot(call()).await.unwrap()), 1);
    assert_eq!(log.times(), [0, 40], "when the first has let go of the only place");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_responses_is_raced_for_by_its_beginning() {
    static FEED: Spec = Spec::new("a.S", "Feed", 0, Kind::ServerStreaming)
        .with_idempotency(Idempotency::NoSideEffects)
        .with_hedge(HedgeSpec::new().with_delay(DELAY));
    let (service, log) = scripted([Answer::Hangs, Answer::Ok(MS)]);
    let service = ServiceBuilder::new().layer(HedgeLayer::new()).service(service);
    let call = Call::new(Method::from(&FEED), Body::Unary(Bytes::new()));
    assert_eq!(winner(service.oneshot(call).await.unwrap()), 1);
    assert_eq!(log.seen()[0].given_up, Some(DELAY + MS));
}

#[test]
#[should_panic(expected = "a percentile to hedge after is 1 to 99, not 100")]
fn a_percentile_that_is_none_is_refused() {
    let _ = HedgeLayer::new().with_percentile(100);
}
