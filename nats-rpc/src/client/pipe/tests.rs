use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;

use super::{OVERHEAD, Pipe, ROOM, Reader};
use crate::call::Context;
use crate::status::{Code, Status};

/// What is there, without waiting.
async fn ready(reader: &mut Reader) -> Vec<Bytes> {
    poll_fn(|cx| {
        let mut all = Vec::new();
        while let Poll::Ready(Some(item)) = Pin::new(&mut *reader).poll_next(cx) {
            all.push(item.unwrap());
        }
        Poll::Ready(all)
    })
    .await
}

/// The outcome, if there is nothing to wait for.
fn now<F: Future>(future: F) -> Option<F::Output> {
    tokio::task::unconstrained(future).now_or_never()
}

fn bytes(len: usize) -> Bytes {
    Bytes::from(vec![7; len])
}

#[tokio::test]
async fn what_goes_in_comes_out_in_order_and_then_the_end() {
    let (_pipe, mut writer, mut reader) = Pipe::new();
    for message in ["a", "", "b"] {
        writer.write(message.into()).await.unwrap();
    }
    drop(writer);
    let all: Vec<_> = reader.by_ref().map(Result::unwrap).collect().await;
    assert_eq!(all, ["a", "", "b"]);
    assert!(reader.next().await.is_none());
}

#[tokio::test]
async fn room_is_counted_in_bytes_and_empty_messages_take_some() {
    for (len, fit) in [(0, ROOM / OVERHEAD), (ROOM / 2 - OVERHEAD, 2), (ROOM / 2, 1), (4 * ROOM, 1)] {
        let (_pipe, mut writer, mut reader) = Pipe::new();
        for _ in 0..fit {
            now(writer.write(bytes(len))).expect("there is room").unwrap();
        }
        assert!(now(writer.write(bytes(len))).is_none(), "{fit} messages of {len} bytes");
        assert_eq!(ready(&mut reader).await.len(), fit);
        now(writer.write(bytes(len))).expect("there is room again").unwrap();
    }
}

#[tokio::test]
async fn a_message_whose_writing_is_given_up_is_not_written() {
    let (_pipe, mut writer, mut reader) = Pipe::new();
    writer.write(bytes(ROOM)).await.unwrap();
    assert!(now(writer.write("lost".into())).is_none());
    assert_eq!(ready(&mut reader).await.len(), 1);
    writer.write("kept".into()).await.unwrap();
    assert_eq!(ready(&mut reader).await, ["kept"]);
}

#[tokio::test]
async fn each_side_waits_for_the_other() {
    let (_pipe, mut writer, mut reader) = Pipe::new();
    let writing = tokio::spawn(async move {
        for number in 0..100_000_u32 {
            writer.write(Bytes::copy_from_slice(&number.to_be_bytes())).await.unwrap();
        }
    });
    for number in 0..100_000_u32 {
        assert_eq!(reader.next().await.unwrap().unwrap(), number.to_be_bytes()[..]);
    }
    assert!(reader.next().await.is_none());
    writing.await.unwrap();
}

#[tokio::test]
async fn a_writer_learns_that_the_call_has_ended_or_was_given_up() {
    let full = || {
        let (pipe, mut writer, reader) = Pipe::new();
        now(writer.write(bytes(ROOM))).unwrap().unwrap();
        (pipe, writer, reader)
    };
    let (_pipe, mut writer, reader) = full();
    let waiting = tokio::spawn(async move { writer.write("x".into()).await });
    tokio::task::yield_now().await;
    drop(reader);
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), Code::Unknown);

    let (pipe, mut writer, mut reader) = full();
    let waiting = tokio::spawn(async move { writer.write("x".into()).await });
    tokio::task::yield_now().await;
    pipe.give_up(Status::cancelled(""));
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), Code::Cancelled);
    assert_eq!(reader.next().await.unwrap().unwrap_err().code(), Code::Cancelled);
    assert!(reader.next().await.is_none());
}

#[tokio::test]
async fn a_call_that_has_ended_is_not_given_up() {
    let (pipe, mut writer, reader) = Pipe::new();
    drop(reader);
    pipe.give_up(Status::cancelled(""));
    assert_eq!(writer.write("x".into()).await.unwrap_err().code(), Code::Unknown);
}

#[tokio::test]
async fn a_panic_is_no_end() {
    let (_pipe, mut writer, mut reader) = Pipe::new();
    let panicked = tokio::spawn(async move {
        writer.write("half".into()).await.unwrap();
        panic!("on purpose");
    });
    assert!(panicked.await.is_err());
    assert_eq!(reader.next().await.unwrap().unwrap_err().code(), Code::Cancelled);
    assert!(reader.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_writer_waits_until_the_deadline_and_no_longer() {
    let (_pipe, mut writer, _reader) = Pipe::new();
    let mut context = Context::new();
    context.limit(Instant::now() + Duration::from_secs(5));
    writer.lasts_as(&context);
    writer.write(bytes(ROOM)).await.unwrap();
    let begin = Instant::now();
    assert_eq!(writer.write("x".into()).await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(begin.elapsed().as_secs(), 5);
}
