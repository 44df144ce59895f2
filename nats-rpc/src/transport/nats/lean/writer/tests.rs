use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{FULL, Writer};
use crate::subject::Subject;
use crate::transport::Outgoing;
use crate::transport::nats::lean::socket::split;

const PAYLOAD: usize = 100_000;
const COMMAND: usize = "PUB a 100000\r\n\r\n".len() + PAYLOAD;
const LONG: Duration = Duration::from_secs(60);

/// A writer, the token that tells of its end, and the other end of its socket, which reads nothing by itself.
async fn pair() -> (Arc<Writer>, CancellationToken, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (socket, accepted) =
        tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let ended = CancellationToken::new();
    let (_, writing) = split(socket.unwrap(), None);
    (Arc::new(Writer::new(writing, ended.clone())), ended, accepted.unwrap().0)
}

fn message() -> Outgoing {
    Outgoing::new(Subject::from_static("a"), vec![b'x'; PAYLOAD].into())
}

/// Publishes until no more is taken, and returns how many were.
fn fill(writer: &Writer) -> usize {
    let mut count = 0;
    while writer.try_publish(message()).is_ok() {
        writer.send();
        count += 1;
    }
    count
}

#[tokio::test]
async fn a_socket_that_takes_nothing_holds_up_whoever_publishes_and_loses_nothing() {
    let (writer, _ended, mut peer) = pair().await;
    let task = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.run().await }
    });
    let taken = fill(&writer);
    assert!(taken * COMMAND >= FULL, "{taken}");

    let mut publish = std::pin::pin!(writer.publish(message()));
    assert!(publish.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let total = (taken + 1) * COMMAND;
    let reading = async {
        let mut read = vec![0; total];
        tokio::time::timeout(LONG, peer.read_exact(&mut read)).await.unwrap().unwrap();
        read
    };
    let publishing = async {
        publish.await;
        writer.send();
        writer.flush().await;
    };
    let (read, ()) = tokio::join!(reading, publishing);
    let expected = [b"PUB a 100000\r\n".as_slice(), &[b'x'; PAYLOAD], b"\r\n"].concat();
    assert!(read.chunks(COMMAND).all(|command| command == expected));
    task.abort();
}

#[tokio::test]
async fn a_flush_waits_for_what_was_before_it_only() {
    let (writer, _ended, mut peer) = pair().await;
    let task = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.run().await }
    });
    let before = fill(&writer) * COMMAND;
    let mut flush = std::pin::pin!(writer.flush());
    assert!(poll_fn(|cx| Poll::Ready(flush.as_mut().poll(cx))).await.is_pending());
    // From now on there is always more to write than the socket takes.
    let mut read = 0;
    let mut buffer = vec![0; COMMAND];
    let flushed = async {
        loop {
            tokio::select! {
                biased;
                () = &mut flush => return,
                count = peer.read(&mut buffer) => read += count.unwrap(),
            }
            fill(&writer);
        }
    };
    tokio::time::timeout(LONG, flushed).await.expect("never done while there is more to write");
    assert!(read <= before + COMMAND, "read {read} of {before}");
    task.abort();
}

#[tokio::test]
async fn a_connection_that_has_gone_ends_it_and_lets_go_whoever_waits() {
    let (writer, ended, peer) = pair().await;
    let task = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.run().await }
    });
    fill(&writer);
    let waiting = async { tokio::join!(writer.publish(message()), writer.flush(), ended.cancelled()) };
    let mut waiting = std::pin::pin!(waiting);
    assert!(poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx))).await.is_pending());
    // With bytes unread, which is a reset.
    drop(peer);
    tokio::time::timeout(LONG, waiting).await.expect("they wait for ever");
    assert!(writer.try_publish(message()).is_ok(), "what is published from now on is dropped");
    assert_eq!(writer.state.lock().unwrap().pending.len(), 0);
    tokio::time::timeout(LONG, task).await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_publishes_while_another_writes_leaves_it_to_that_one() {
    let (writer, _ended, mut peer) = pair().await;
    writer.state.lock().unwrap().writing = true;
    writer.try_publish(message()).unwrap();
    writer.send();
    assert_eq!(writer.state.lock().unwrap().pending.len(), COMMAND);
    // The one that writes looks again.
    assert!(writer.try_write().unwrap());
    let mut read = vec![0; COMMAND];
    peer.read_exact(&mut read).await.unwrap();
    assert!(!writer.state.lock().unwrap().writing);
}
