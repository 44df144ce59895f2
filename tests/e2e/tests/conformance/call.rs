//! Makes the calls of cases.

use std::time::Duration;

use futures_util::stream;
use nats_rpc::metadata::Value;
use nats_rpc::{Response, Status, Streaming};

use super::case::named;
use super::proto::conformance_payload::RequestInfo;
use super::proto::{
    BidiStreamResponse, ClientStreamResponse, ConformancePayload, ConformanceServiceClient,
    IdempotentUnaryResponse, ServerStreamResponse, UnaryResponse,
};
use super::{Case, Outcome, Shape, answers};

/// A service may see so much less time left than its caller had.
const ON_THE_WAY: Duration = Duration::from_secs(60);

/// A response.
pub(super) trait Payload: 'static {
    fn payload(self) -> ConformancePayload;
}

macro_rules! payloads {
    ($($response:ident),*) => {
        $(impl Payload for $response {
            fn payload(self) -> ConformancePayload {
                self.payload.expect("a payload")
            }
        })*
    };
}

payloads!(
    UnaryResponse,
    IdempotentUnaryResponse,
    ClientStreamResponse,
    ServerStreamResponse,
    BidiStreamResponse
);

/// Sets what a case says of its call, whatever kind of call it is.
macro_rules! prepared {
    ($call:expr, $case:expr) => {{
        let mut call = $call;
        for (name, value) in answers::metadata(&named($case.headers)).iter() {
            call = match value {
                Value::Binary(bytes) => call.metadata_bin(name.to_owned(), bytes.to_vec()),
                Value::Ascii(text) => call.metadata(name.to_owned(), text.to_owned()),
            };
        }
        match $case.timeout {
            Some(timeout) => call.timeout(timeout),
            None => call,
        }
    }};
}

/// Makes the call, and sees to its end.
pub(super) async fn call(client: &ConformanceServiceClient, case: &Case) -> Outcome {
    let mut outcome = match case.shape {
        Shape::Unary => one(prepared!(client.unary(case.unary()), case).await),
        Shape::IdempotentUnary => one(prepared!(client.idempotent_unary(case.idempotent()), case).await),
        Shape::ClientStream => {
            let requests = stream::iter(case.client_stream());
            one(prepared!(client.client_stream(requests), case).await)
        }
        Shape::ServerStream => many(prepared!(client.server_stream(case.server_stream()), case).await).await,
        Shape::HalfDuplex => {
            let requests = stream::iter(case.bidi_stream());
            many(prepared!(client.bidi_stream(), case).send_all(requests).await).await
        }
        Shape::FullDuplex => alternating(client, case).await,
    };
    outcome.for_each_seen(|seen| at_most(case.timeout, seen));
    outcome
}

/// What is left of a timeout differs from call to call.
fn at_most(timeout: Option<Duration>, seen: &mut RequestInfo) {
    let Some(timeout) = timeout else { return };
    let given = i64::try_from(timeout.as_millis()).unwrap();
    let least = given - i64::try_from(ON_THE_WAY.as_millis()).unwrap();
    if seen.timeout_ms.is_some_and(|left| left <= given && left > least) {
        seen.timeout_ms = Some(given);
    }
}

fn one<R: Payload>(response: Result<Response<R>, Status>) -> Outcome {
    match response {
        Ok(response) => {
            let (head, trailers) = (response.metadata().clone(), response.trailers().clone());
            Outcome::of_one(response.into_inner().payload(), head, trailers)
        }
        Err(status) => Outcome::of_status(&status),
    }
}

async fn many<R: Payload>(response: Result<Response<Streaming<R>>, Status>) -> Outcome {
    let response = match response {
        Ok(response) => response,
        Err(status) => return Outcome::of_status(&status),
    };
    let mut outcome = Outcome { head: response.metadata().clone(), ..Outcome::default() };
    let mut responses = response.into_inner();
    loop {
        match responses.message().await {
            Ok(Some(response)) => outcome.payloads.push(response.payload()),
            Ok(None) => {
                outcome.trailers = responses.trailers().expect("it has ended well").clone();
                return outcome;
            }
            Err(status) => {
                assert!(responses.message().await.is_ok_and(|more| more.is_none()), "it has ended");
                assert_eq!(responses.trailers(), None);
                return with_head(outcome.failed(&status), &status);
            }
        }
    }
}

/// A service may send its metadata first, or with the error.
fn with_head(outcome: Outcome, status: &Status) -> Outcome {
    if outcome.head.is_empty() {
        Outcome { head: status.response_metadata().clone(), ..outcome }
    } else {
        outcome
    }
}

/// A request only when the response to the one before has come.
async fn alternating(client: &ConformanceServiceClient, case: &Case) -> Outcome {
    let call = prepared!(client.bidi_stream(), case).await;
    let (mut requests, mut responses) = call.expect("nothing was sent yet").into_split();
    let mut outcome = Outcome::default();
    let mut all = case.bidi_stream().into_iter();
    let mut requests = loop {
        match all.next() {
            // Whether it is still wanted, the receiver knows.
            Some(request) => drop(requests.send(request).await),
            None => break Some(requests),
        }
        match responses.message().await {
            Ok(Some(response)) => outcome.payloads.push(response.payload()),
            Ok(None) => break None,
            Err(status) => return ended(outcome, &mut responses, Some(status)).await,
        }
    };
    drop(requests.take());
    loop {
        match responses.message().await {
            Ok(Some(response)) => outcome.payloads.push(response.payload()),
            Ok(None) => return ended(outcome, &mut responses, None).await,
            Err(status) => return ended(outcome, &mut responses, Some(status)).await,
        }
    }
}

async fn ended(
    mut outcome: Outcome,
    responses: &mut nats_rpc::client::ResponseReceiver<BidiStreamResponse>,
    failure: Option<Status>,
) -> Outcome {
    if let Ok(head) = responses.metadata().await {
        outcome.head = head.clone();
    }
    match failure {
        None => {
            outcome.trailers = responses.trailers().expect("it has ended well").clone();
            outcome
        }
        Some(status) => with_head(outcome.failed(&status), &status),
    }
}
