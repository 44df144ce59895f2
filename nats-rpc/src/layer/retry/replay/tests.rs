use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::task::{ArcWake, waker};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::mpsc;

use super::{OVERHEAD, Replay};
use crate::call::MessageStream;
use crate::status::{Code, Status};

type Sent = Option<Result<Bytes, Code>>;

/// What an attempt would send next. `Pending`: it waits for it.
fn next(attempt: &mut MessageStream) -> Poll<Sent> {
    next_with(attempt, Waker::noop())
}

fn next_with(attempt: &mut MessageStream, waker: &Waker) -> Poll<Sent> {
    attempt
        .as_mut()
        .poll_next(&mut Context::from_waker(waker))
        .map(|next| next.map(|next| next.map_err(|status| status.code())))
}

fn message(text: &'static str) -> Poll<Sent> {
    Poll::Ready(Some(Ok(Bytes::from_static(text.as_bytes()))))
}

const END: Poll<Sent> = Poll::Ready(None);
const OVER: Poll<Sent> = Poll::Ready(Some(Err(Code::Cancelled)));

/// Room for so many messages of one byte.
fn room(messages: usize) -> usize {
    messages * (OVERHEAD + 1)
}

fn replay_of(room: usize) -> (mpsc::UnboundedSender<Result<Bytes, Status>>, Replay) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    (sender, Replay::new(Box::pin(stream::poll_fn(move |cx| receiver.poll_recv(cx))), room))
}

fn send(sender: &mpsc::UnboundedSender<Result<Bytes, Status>>, texts: &[&'static str]) {
    for text in texts {
        sender.send(Ok(Bytes::from_static(text.as_bytes()))).unwrap();
    }
}

#[test]
fn each_attempt_sends_all_from_the_beginning() {
    let (sender, replay) = replay_of(room(9));
    send(&sender, &["a", "b"]);
    let mut first = replay.attempt();
    assert_eq!([next(&mut first), next(&mut first)], [message("a"), message("b")]);
    assert_eq!(next(&mut first), Poll::Pending);

    assert!(replay.rewind());
    let mut second = replay.attempt();
    assert_eq!(next(&mut second), message("a"));
    send(&sender, &["c"]);
    drop(sender);
    assert_eq!([next(&mut second), next(&mut second)], [message("b"), message("c")]);
    assert_eq!(next(&mut second), END);

    assert!(replay.rewind());
    assert_eq!(replay.attempt().count().now_or_never(), Some(3));
}

#[test]
fn a_stream_that_has_ended_is_not_asked_again() {
    // Panics if it is.
    let once = stream::unfold(true, async |more| more.then(|| (Ok(Bytes::from("a")), false)));
    let replay = Replay::new(Box::pin(once), room(9));
    for _ in 0..3 {
        assert_eq!(replay.attempt().count().now_or_never(), Some(1));
        assert!(replay.rewind());
    }
    let mut last = replay.attempt();
    assert_eq!([next(&mut last), next(&mut last), next(&mut last)], [message("a"), END, END]);
}

#[test]
fn an_attempt_that_is_over_takes_nothing() {
    let (sender, replay) = replay_of(room(9));
    send(&sender, &["a"]);
    let mut first = replay.attempt();
    assert_eq!(next(&mut first), message("a"));
    assert!(replay.rewind());
    send(&sender, &["b"]);
    assert_eq!(next(&mut first), OVER, "between two attempts");
    let mut second = replay.attempt();
    assert_eq!([next(&mut second), next(&mut first)], [message("a"), OVER]);
    assert_eq!([next(&mut second), next(&mut first)], [message("b"), OVER]);
}

struct Woken(AtomicBool);

impl ArcWake for Woken {
    fn wake_by_ref(woken: &Arc<Self>) {
        woken.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn an_attempt_that_is_over_takes_no_waker() {
    let (sender, replay) = replay_of(room(9));
    let mut first = replay.attempt();
    assert_eq!(next(&mut first), Poll::Pending);
    assert!(replay.rewind());
    let mut second = replay.attempt();
    let woken = Arc::new(Woken(false.into()));
    assert_eq!(next_with(&mut second, &waker(Arc::clone(&woken))), Poll::Pending);
    assert_eq!(next(&mut first), OVER);
    send(&sender, &["a"]);
    assert!(woken.0.load(Ordering::Relaxed));
    assert_eq!(next(&mut second), message("a"));
}

#[test]
fn what_exceeds_the_room_commits_the_attempt() {
    let (sender, replay) = replay_of(room(2));
    send(&sender, &["a", "b", "c", "d"]);
    let mut first = replay.attempt();
    assert_eq!([next(&mut first), next(&mut first)], [message("a"), message("b")]);
    assert!(replay.rewind(), "two fit");
    let mut second = replay.attempt();
    let sent: [_; 4] = std::array::from_fn(|_| next(&mut second));
    assert_eq!(sent, [message("a"), message("b"), message("c"), message("d")]);
    assert!(super::lock(&replay.0).messages.is_empty(), "nothing is kept for nothing");
    assert!(!replay.rewind());
}

#[test]
fn empty_messages_take_room_too() {
    let (sender, replay) = replay_of(2 * OVERHEAD);
    send(&sender, &["", "", ""]);
    let mut first = replay.attempt();
    assert_eq!([next(&mut first), next(&mut first)], [message(""), message("")]);
    assert!(replay.rewind());
    let mut second = replay.attempt();
    let sent: [_; 3] = std::array::from_fn(|_| next(&mut second));
    assert_eq!(sent, [message(""), message(""), message("")]);
    assert!(!replay.rewind());
}

#[test]
fn an_attempt_that_is_answered_early_still_sends_the_rest() {
    let (sender, replay) = replay_of(room(9));
    send(&sender, &["a", "b", "c"]);
    let mut first = replay.attempt();
    let sent: [_; 3] = std::array::from_fn(|_| next(&mut first));
    assert_eq!(sent, [message("a"), message("b"), message("c")]);
    assert!(replay.rewind());
    let mut second = replay.attempt();
    assert_eq!(next(&mut second), message("a"));
    replay.commit();
    send(&sender, &["d"]);
    let sent: [_; 3] = std::array::from_fn(|_| next(&mut second));
    assert_eq!(sent, [message("b"), message("c"), message("d")]);
    assert!(super::lock(&replay.0).messages.is_empty());
    replay.commit();
    assert!(!replay.rewind());
}

#[test]
fn a_stream_that_fails_is_not_sent_again() {
    let (sender, replay) = replay_of(room(9));
    send(&sender, &["a"]);
    sender.send(Err(Status::unavailable("the caller's own"))).unwrap();
    let mut first = replay.attempt();
    assert_eq!(next(&mut first), message("a"));
    assert_eq!(next(&mut first), Poll::Ready(Some(Err(Code::Unavailable))));
    assert!(!replay.rewind());
}

struct Panics;

impl Stream for Panics {
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        panic!("a stream of the caller");
    }
}

#[test]
fn a_stream_that_panics_is_not_sent_again() {
    let replay = Replay::new(Box::pin(Panics), room(9));
    let mut first = replay.attempt();
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| next(&mut first)));
    assert!(polled.is_err());
    assert!(!replay.rewind());
    replay.commit();
}
