//! Windows, limits and deadlines of streams.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use nats_rpc::Code;
use nats_rpc::call::Event;
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Body, Call};
use nats_rpc::transport::memory::{Faults, Options};
use tokio::time::Instant;

use crate::service::ECHO;
use crate::{Scene, events, requests};

/// No stall is that short: an audit that mends one takes longer.
const AT_ONCE: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn a_narrow_window_lets_messages_of_all_lengths_pass() {
    // So many streams that each has a window of 1 KiB or little more.
    for streams in [8_000, 10_000, 15_000, 20_000] {
        let scene = Scene::with(Options::new().max_streams(streams)).await;
        let lengths = [98_171, 178, 13_570, 105, 350, 400, 24_000, 0, 1_000_000, 20_000];
        let sent: Vec<Bytes> = lengths.iter().map(|length| Bytes::from(vec![1; *length])).collect();
        let mut chat = events(scene.call(3, requests(sent.clone())).await.unwrap());
        for message in sent {
            let next = tokio::time::timeout(AT_ONCE, chat.next()).await;
            assert_eq!(next.expect("it stands").unwrap().unwrap(), Event::Message(message));
        }
        drop(chat);
        scene.assert_empty().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_response_waits_for_no_audit() {
    let scene = Scene::new().await;
    let begin = Instant::now();
    let mut repeated = events(scene.call(1, Body::Unary("1 100000".into())).await.unwrap());
    // By now its first chunk is there, and the ACCEPT has only just been read.
    assert!(matches!(repeated.next().await, Some(Ok(Event::Message(_)))));
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_receive_limit_holds_for_a_response_in_one_frame() {
    let scene = Scene::new().await;
    let mut channel = scene.channel.clone().with_max_message(1_000);
    let mut call = |length| channel.call(Call::new(ECHO.method(0), Body::Unary(vec![1; length].into())));
    assert!(call(1_000).await.is_ok());
    assert_eq!(call(1_001).await.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_reader_stands_still_ends_at_its_deadline() {
    let scene = Scene::new().await;
    let call = Call::new(ECHO.method(1), Body::Unary("1000000 1000".into()));
    let call = call.with_timeout(Duration::from_secs(1));
    let repeated = events(scene.channel.clone().call(call).await.unwrap());
    tokio::time::sleep(Duration::from_millis(999)).await;
    assert_eq!(scene.echo.alive.load(Ordering::SeqCst), 1);
    tokio::time::sleep(AT_ONCE).await;
    assert_eq!(scene.echo.alive.load(Ordering::SeqCst), 0);
    let last = repeated.filter_map(|event| std::future::ready(event.err())).next().await;
    assert_eq!(last.unwrap().code(), Code::DeadlineExceeded);
    scene.assert_empty().await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_keeps_up_gives_credit_for_128_kib_at_once() {
    const COUNT: usize = 5_000;
    let scene = Scene::new().await;
    scene.broker.add_faults(Faults::new().delay(1.0, Duration::from_millis(1)..=Duration::from_millis(3)));
    let tap = scene.broker.client(&Options::new().name("tap")).unwrap();
    let mut credits = tap.subscribe("svc.test.Echo._i.*.s", None).unwrap();
    let mut repeated = events(scene.call(1, Body::Unary(format!("{COUNT} 4096").into())).await.unwrap());
    for _ in 0..COUNT {
        assert!(matches!(repeated.next().await, Some(Ok(Event::Message(_)))));
    }
    let mut given = 0;
    while credits.try_next().is_some() {
        given += 1;
    }
    let needed = COUNT * 4096 / (128 * 1024);
    assert!((needed / 2..needed * 3 / 2).contains(&given), "{given} times, {needed} at best");
}

/// The first message is longer than the first window, and goes in chunks.
#[tokio::test(start_paused = true)]
async fn long_messages_go_whole_once_the_window_is_wide() {
    const COUNT: usize = 2_000;
    let scene = Scene::new().await;
    scene.broker.add_faults(Faults::new().delay(1.0, Duration::from_millis(1)..=Duration::from_millis(3)));
    let tap = scene.broker.client(&Options::new().name("tap")).unwrap();
    let mut frames = tap.subscribe("_INBOX.>", None).unwrap();
    let mut repeated = events(scene.call(1, Body::Unary(format!("{COUNT} 20000").into())).await.unwrap());
    for _ in 0..COUNT {
        assert!(matches!(repeated.next().await, Some(Ok(Event::Message(_)))));
    }
    let mut sent = 0;
    while let Some(frame) = frames.try_next() {
        sent += usize::from(frame.payload.len() > 100);
    }
    assert!((COUNT..COUNT + COUNT / 20).contains(&sent), "{sent} frames");
}
