//! What holds for a call, from the options of a service to the call itself.
#![cfg(feature = "macros")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use nats_rpc::codegen::Service;
use nats_rpc::layer::{MethodPolicy, Overrides, Policies, ServiceConfig, StackLayer};
use nats_rpc::raw::{Call, Reply, ReplyBody};
use nats_rpc::spec::{BreakerSpec, HedgeSpec, RetrySpec};
use nats_rpc::{Code, CodeSet, Metadata, Request, Response, Status};
use tokio::time::{Instant, sleep, timeout_at};
use tower::Layer;

#[nats_rpc::service(package = "shop.v1", timeout_ms = 1000, breaker(min_calls = 50))]
trait Orders {
    #[rpc(
        idempotency = "idempotent",
        timeout_ms = 2000,
        retry(max_attempts = 4, initial_backoff_ms = 5, retryable_codes = [UNAVAILABLE, ABORTED])
    )]
    async fn put(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(idempotency = "no_side_effects", hedge(delay_ms = 50))]
    async fn get(&self, request: Request<String>) -> Result<Response<String>, Status>;

    #[rpc(idempotency = "idempotent", hedge(delay_ms = 50))]
    async fn store(&self, request: Request<String>) -> Result<Response<String>, Status>;

    async fn pay(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

/// Answers each call, and keeps what came to it: what the layers of a channel see.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<Call>>>);

impl Service<Call> for Seen {
    type Response = Reply;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Reply, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        *self.0.lock().unwrap() = Some(call);
        std::future::ready(Ok(empty()))
    }
}

fn empty() -> Reply {
    let body = ReplyBody::Unary { message: Default::default(), trailers: Metadata::new() };
    Reply::new(Metadata::new(), body)
}

impl Seen {
    /// What holds for the call that came.
    fn policy(&self, policies: &Policies) -> MethodPolicy {
        let call = self.0.lock().unwrap().take().expect("a call came");
        policies.of(call.method()).of_call(&call)
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn config() -> ServiceConfig {
    let json = r#"{ "methodConfig": [{
        "name": [{ "service": "shop.v1.Orders" }],
        "timeout": "3s",
        "waitForReady": true,
        "retryPolicy": {
            "maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "0.2s", "backoffMultiplier": 1,
            "retryableStatusCodes": ["RESOURCE_EXHAUSTED"], "perAttemptRecvTimeout": "0.7s"
        }
    }] }"#;
    ServiceConfig::parse(json).unwrap()
}

#[tokio::test]
async fn the_strongest_of_five_holds() {
    let seen = Seen::default();
    let client = OrdersClient::new(seen.clone());

    // 1: what nobody says.
    let plain = Policies::default();
    client.pay("..".to_owned()).await.unwrap();
    let policy = seen.policy(&plain);
    assert_eq!((policy.retry, policy.hedge), (RetrySpec::new(), HedgeSpec::off()));
    assert_eq!((policy.attempt_timeout, policy.wait_for_ready), (None, false));

    // 2: the options, of the service and of the method.
    assert_eq!((policy.timeout, policy.breaker), (Some(millis(1000)), BreakerSpec::new().with_min_calls(50)));
    client.put("..".to_owned()).await.unwrap();
    let policy = seen.policy(&plain);
    let codes = CodeSet::of(&[Code::Unavailable, Code::Aborted]);
    let put =
        RetrySpec::new().with_max_attempts(4).with_initial_backoff(millis(5)).with_retryable_codes(codes);
    assert_eq!((policy.timeout, policy.retry), (Some(millis(2000)), put));
    client.get("..".to_owned()).await.unwrap();
    let policy = seen.policy(&plain);
    assert_eq!((policy.hedge, policy.retry), (HedgeSpec::new().with_delay(millis(50)), RetrySpec::off()));

    // 3: a service config, whose policy is not mixed with that of the options.
    let configured = Policies::builder().with_service_config(config()).build().unwrap();
    client.put("..".to_owned()).await.unwrap();
    let policy = seen.policy(&configured);
    let by_config = RetrySpec::new()
        .with_max_attempts(5)
        .with_initial_backoff(millis(100))
        .with_max_backoff(millis(200))
        .with_backoff_multiplier(1.0)
        .with_retryable_codes(CodeSet::of(&[Code::ResourceExhausted]));
    assert_eq!((policy.timeout, policy.retry), (Some(millis(3000)), by_config));
    assert_eq!((policy.attempt_timeout, policy.wait_for_ready), (Some(millis(700)), true));
    assert_eq!(policy.breaker.min_calls(), 50);

    // 4: a builder.
    let built = Policies::builder()
        .with_service_config(config())
        .for_method("/shop.v1.Orders/Put", Overrides::new().with_retry(RetrySpec::off()))
        .build()
        .unwrap();
    client.put("..".to_owned()).await.unwrap();
    let policy = seen.policy(&built);
    assert_eq!((policy.timeout, policy.retry), (Some(millis(3000)), RetrySpec::off()));

    // 5: the call.
    let patient = RetrySpec::new().with_max_backoff(millis(3000));
    let call = client.put("..".to_owned()).retry(patient).attempt_timeout(millis(10)).wait_for_ready(false);
    call.await.unwrap();
    let policy = seen.policy(&built);
    assert_eq!((policy.retry, policy.attempt_timeout), (patient, Some(millis(10))));
    assert!(!policy.wait_for_ready);
    client.put("..".to_owned()).retry(patient).hedge(HedgeSpec::new()).await.unwrap();
    let policy = seen.policy(&built);
    assert_eq!((policy.retry, policy.hedge), (RetrySpec::off(), HedgeSpec::new()));
}

#[tokio::test]
async fn no_level_can_have_a_call_sent_twice_that_may_not_run_twice() {
    let seen = Seen::default();
    let client = OrdersClient::new(seen.clone());
    let hedge = Overrides::new().with_hedge(HedgeSpec::new());
    let json = r#"{ "methodConfig": [{ "name": [{ "service": "shop.v1.Orders", "method": "Pay" }],
        "hedgingPolicy": { "maxAttempts": 2 } }] }"#;
    let policies = Policies::builder()
        .with_service_config(ServiceConfig::parse(json).unwrap())
        .for_method("/shop.v1.Orders/Pay", hedge)
        .build()
        .unwrap();
    client.pay("..".to_owned()).await.unwrap();
    let policy = seen.policy(&policies);
    assert_eq!((policy.hedge, policy.retry), (HedgeSpec::off(), RetrySpec::new()));

    let status = client.pay("..".to_owned()).hedge(HedgeSpec::new()).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().starts_with("/shop.v1.Orders/Pay can't be hedged: "), "{status}");
    assert!(seen.0.lock().unwrap().is_none(), "the call was not made");
    client.pay("..".to_owned()).hedge(HedgeSpec::off()).await.unwrap();
}

/// Answers the second attempt at a call after 80 ms, and no other. As a channel does, it ends each at its deadline.
#[derive(Clone)]
struct SecondTry;

impl Service<Call> for SecondTry {
    type Response = Reply;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let context = call.context();
        let (attempt, deadline) = (context.attempt(), context.deadline().expect("calls have one"));
        Box::pin(async move {
            let answer = async {
                match attempt {
                    1 => sleep(millis(80)).await,
                    _ => std::future::pending().await,
                }
            };
            let in_time = timeout_at(deadline, answer).await;
            in_time.map(|()| empty()).map_err(|_| Status::deadline_exceeded("too late"))
        })
    }
}

/// In how many milliseconds the default layers come to an end.
async fn through_the_stack<F>(
    policies: Policies,
    call: impl FnOnce(OrdersClient<Stack>) -> F,
) -> (u128, Option<Code>)
where
    F: Future<Output = Result<Response<String>, Status>>,
{
    let client = OrdersClient::new(StackLayer::new().with_policies(policies).layer(SecondTry));
    let start = Instant::now();
    let outcome = call(client).await;
    (start.elapsed().as_millis(), outcome.err().map(|status| status.code()))
}

type Stack = nats_rpc::layer::Stack<SecondTry>;

#[tokio::test(start_paused = true)]
async fn the_default_layers_do_as_the_policies_say() {
    let attempts = Overrides::new().with_attempt_timeout(millis(100));
    let policies = Policies::builder().for_all(attempts).build().unwrap();
    // Retried by its options: 100 ms, up to 5 ms between, 80 ms.
    let (time, code) =
        through_the_stack(policies.clone(), |client| async move { client.put("..".to_owned()).await }).await;
    assert!(code.is_none() && (180..=187).contains(&time), "{time} ms, {code:?}");
    // Hedged by theirs: 50 ms, 80 ms; each attempt has a time of its own.
    for hedged in [
        through_the_stack(policies.clone(), |client| async move { client.get("..".to_owned()).await }).await,
        through_the_stack(policies.clone(), |client| async move { client.store("..".to_owned()).await })
            .await,
    ] {
        assert!(hedged.1.is_none() && (130..=132).contains(&hedged.0), "{hedged:?}");
    }
    // May not run twice.
    let (time, code) =
        through_the_stack(policies, |client| async move { client.pay("..".to_owned()).await }).await;
    assert_eq!((time, code), (100, Some(Code::DeadlineExceeded)));
}
