//! Streams of requests are sent again from what was recorded of them.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use nats_rpc::call::{Event, MessageStream};
use nats_rpc::layer::RetryLayer;
use nats_rpc::raw::{Body, Call, Reply, ReplyBody};
use nats_rpc::{Code, Metadata, Status};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use crate::script::{Script, Step, upload, watch, with_attempt_timeout};

fn of(messages: &[&'static str]) -> MessageStream {
    Box::pin(stream::iter(
        messages.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))).collect::<Vec<_>>(),
    ))
}

fn fails_after(requests: usize) -> Step {
    Step::FailAfter(requests, Status::unavailable("of a handler"))
}

fn requests(script: &Script) -> Vec<Vec<Bytes>> {
    script.seen().into_iter().map(|seen| seen.requests).collect()
}

#[tokio::test(start_paused = true)]
async fn each_attempt_gets_all_requests() {
    let script = Script::new([fails_after(2), fails_after(0), Step::Answer]);
    script.outcome(upload(of(&["a", "b", "c"]))).await.unwrap();
    assert_eq!(requests(&script), [vec!["a", "b"], vec![], vec!["a", "b", "c"]]);
}

#[tokio::test(start_paused = true)]
async fn requests_that_are_made_meanwhile_come_after_those_that_were() {
    let script = Script::new([fails_after(1), Step::Answer]);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    sender.send(Ok("a".into())).unwrap();
    let call = upload(Box::pin(stream::poll_fn(move |cx| receiver.poll_recv(cx))));
    let outcome = tokio::spawn({
        let script = script.clone();
        async move { script.outcome(call).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(requests(&script), [["a"], ["a"]]);
    sender.send(Ok("b".into())).unwrap();
    drop(sender);
    outcome.await.unwrap().unwrap();
    assert_eq!(requests(&script), [vec!["a"], vec!["a", "b"]]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_sent_once() {
    for (length, count) in [(256 * 1024 - 100, 2), (256 * 1024, 1)] {
        let script = Script::new([fails_after(1), Step::Answer]);
        let large = Bytes::from(vec![0; length]);
        let outcome = script.outcome(upload(Box::pin(stream::iter([Ok(large.clone())])))).await;
        assert_eq!((outcome.is_ok(), script.count()), (count == 2, count));
        assert!(requests(&script).iter().all(|requests| requests[0] == large));
    }
}

#[tokio::test(start_paused = true)]
async fn the_buffer_can_be_set() {
    let layer = RetryLayer::new().with_replay_buffer(0);
    let script = Script::new([fails_after(1), Step::Answer]);
    script.through(&layer, upload(of(&["a"]))).await.unwrap_err();
    assert_eq!(requests(&script), [["a"]]);

    let script = Script::new([fails_after(0), Step::Answer]);
    script.through(&layer, upload(of(&["a"]))).await.unwrap();
    assert_eq!(requests(&script), [vec![], vec!["a"]], "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_once_the_service_has_begun_to_answer() {
    let answering = service_fn(|call: Call| async {
        let Body::Stream(mut requests) = call.into_body() else { panic!("one message") };
        drop(requests.next().await);
        // The rest of them is read while it answers.
        let events = requests.map(|request| request.map(Event::Message));
        Ok::<_, Status>(Reply::new(Metadata::new(), ReplyBody::Stream(Box::pin(events))))
    });
    let message = Bytes::from(vec![7; 1000]);
    let requests = of(&["b"]);
    let requests = Box::pin(stream::iter([Ok(message.clone())]).chain(requests));
    let reply = RetryLayer::new().layer(answering).oneshot(upload(requests)).await.unwrap();
    assert!(message.is_unique());
    let ReplyBody::Stream(events) = reply.into_parts().1 else { panic!("one message") };
    let events: Vec<_> = events.map(Result::unwrap).collect().await;
    assert_eq!(events, [Event::Message("b".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_requests_fail_is_told_so() {
    let script = Script::new([Step::Answer]);
    let broken = of(&["a"]).chain(stream::iter([Err(Status::unavailable("the caller's own"))]));
    let failure = script.outcome(upload(Box::pin(broken))).await.unwrap_err();
    assert_eq!((failure.code(), failure.message()), (Code::Unavailable, "the caller's own"));
    assert_eq!(script.count(), 1, "it is no failure of the service");
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_responses_has_the_time_of_an_attempt_to_begin_in() {
    const SECOND: Duration = Duration::from_secs(1);
    // The first attempt begins too late, the second in time, and then it takes long.
    let service = service_fn(|call: Call| async move {
        assert_eq!(call.context().deadline(), None);
        let begins_after = if call.context().attempt() == 0 { SECOND * 3 } else { SECOND };
        tokio::time::sleep(begins_after).await;
        let events = stream::iter(0..5_u8).then(|number| async move {
            tokio::time::sleep(SECOND).await;
            Ok(Event::Message(vec![number].into()))
        });
        Ok::<_, Status>(Reply::new(Metadata::new(), ReplyBody::Stream(Box::pin(events))))
    });
    let begun = Instant::now();
    let call = with_attempt_timeout(watch(), SECOND * 2);
    let reply = RetryLayer::new().layer(service).oneshot(call).await.unwrap();
    assert!((SECOND * 3..SECOND * 4).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    let ReplyBody::Stream(events) = reply.into_parts().1 else { panic!("one message") };
    let events: Vec<_> = events.map(Result::unwrap).collect().await;
    assert_eq!(events, [0, 1, 2, 3, 4].map(|number| Event::Message(vec![number].into())));
}
