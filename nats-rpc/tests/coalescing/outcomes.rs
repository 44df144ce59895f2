//! Whatever goes together, each call has its own time, its own end, and its own way to it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use nats_rpc::{Code, Origin, Reason};
use tokio::time::{Instant, sleep};

use crate::tap::batches;
use crate::world::{ASK, World, questions};

#[tokio::test(start_paused = true)]
async fn each_ends_as_its_own_handler_does() {
    let mut world = World::new().await;
    let asked: Vec<String> = (0..16).flat_map(|n| [format!("say-{n}"), format!("fail {n}")]).collect();
    let answers = world.ask_all(&asked).await;
    assert_ne!(batches(&world.tap.openings(ASK)), 0);
    for (question, answer) in asked.iter().zip(answers) {
        match answer {
            Ok(answer) => assert_eq!(&answer, question),
            Err(status) => {
                assert!(question.starts_with("fail"), "{question}: {status}");
                assert_eq!((status.code(), status.message()), (Code::NotFound, &**question));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_calls_own() {
    let world = World::new().await;
    let mut asked = questions(30);
    asked[7] = "panic now".to_owned();
    for (n, answer) in world.ask_all(&asked).await.into_iter().enumerate() {
        assert_eq!(
            answer.map_err(|status| status.code()),
            if n == 7 { Err(Code::Unknown) } else { Ok(asked[n].clone()) }
        );
    }
}

/// None waits for those that it came with.
#[tokio::test(start_paused = true)]
async fn each_is_answered_when_it_is_ready() {
    let mut world = World::new().await;
    let begun = Instant::now();
    let calls = [500, 100, 300, 0, 200, 400].map(|millis| {
        world.client.ask(format!("wait {millis}")).map(move |answer| {
            answer.unwrap();
            (millis, begun.elapsed().as_millis())
        })
    });
    let ended: Vec<_> = stream::iter(calls).buffer_unordered(6).collect().await;
    assert_eq!(batches(&world.tap.openings(ASK)), 1);
    assert_eq!(ended.iter().map(|(millis, _)| *millis).collect::<Vec<_>>(), [0, 100, 200, 300, 400, 500]);
    assert!(ended.iter().all(|(millis, took)| took - millis <= 2), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn each_has_its_own_deadline() {
    let mut world = World::new().await;
    let begun = Instant::now();
    let calls = (1..=10).map(|n| {
        let call = world.client.ask("wait 60000".to_owned()).timeout(Duration::from_millis(100 * n));
        call.map(move |answer| (n, answer.unwrap_err(), begun.elapsed()))
    });
    let ended: Vec<_> = stream::iter(calls).buffer_unordered(10).collect().await;
    assert_eq!(batches(&world.tap.openings(ASK)), 1);
    for (n, status, took) in ended {
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!((100 * n..100 * n + 20).contains(&(took.as_millis() as u64)), "{n} {took:?}");
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(world.node.over.load(Ordering::SeqCst), world.node.begun.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn giving_one_up_stops_its_handler_and_no_other() {
    let mut world = World::new().await;
    let over = world.node.over.load(Ordering::SeqCst);
    let mut calls: Vec<_> = (0..10)
        .map(|_| {
            tokio::spawn(
                world.client.ask("wait 5000".to_owned()).timeout(Duration::from_secs(20)).into_future(),
            )
        })
        .collect();
    sleep(Duration::from_millis(200)).await;
    assert_ne!(batches(&world.tap.openings(ASK)), 0);
    calls.swap_remove(4).abort();
    calls.swap_remove(4).abort();
    sleep(Duration::from_millis(200)).await;
    assert_eq!(world.node.over.load(Ordering::SeqCst) - over, 2);
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// Before any ACCEPT can have come.
#[tokio::test(start_paused = true)]
async fn one_that_is_given_up_at_once_is_stopped_too() {
    let world = World::new().await;
    let (begun, over) = (world.node.begun.load(Ordering::SeqCst), world.node.over.load(Ordering::SeqCst));
    let mut calls: Vec<_> =
        (0..10).map(|_| tokio::spawn(world.client.ask("wait 5000".to_owned()).into_future())).collect();
    while world.node.begun.load(Ordering::SeqCst) < begun + 10 {
        tokio::task::yield_now().await;
    }
    calls.drain(2..).for_each(|call| call.abort());
    sleep(Duration::from_millis(100)).await;
    assert_eq!(world.node.over.load(Ordering::SeqCst) - over, 8);
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

/// The response of one does not fit into what they share.
#[tokio::test(start_paused = true)]
async fn one_may_be_answered_in_many_frames() {
    let mut world = World::new().await;
    let mut asked = questions(12);
    asked[3] = "long 3000000".to_owned();
    asked[5] = "long 40000".to_owned();
    let answers = world.ask_all(&asked).await;
    assert_ne!(batches(&world.tap.openings(ASK)), 0);
    for (n, answer) in answers.into_iter().enumerate() {
        let length = match n {
            3 => 3_000_000,
            5 => 40_000,
            _ => asked[n].len(),
        };
        assert_eq!(answer.unwrap().len(), length);
    }
}

#[tokio::test(start_paused = true)]
async fn when_nobody_is_there_each_learns_it_at_once() {
    let World { server, client, tap, .. } = World::new().await;
    server.shutdown().await;
    // Who listens to everything hides that nobody serves.
    drop(tap);
    let begun = Instant::now();
    let calls = questions(40)
        .into_iter()
        .map(|question| client.ask(question).timeout(Duration::from_secs(9)).wait_for_ready(false));
    for answer in futures_util::future::join_all(calls).await {
        let status = answer.unwrap_err();
        assert_eq!(
            (status.code(), status.reason()),
            (Code::Unavailable, Some(Reason::NoResponders)),
            "{status}"
        );
        assert_eq!(status.origin(), Origin::Transport);
        assert!(status.is_not_processed());
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn when_the_connection_is_lost_each_learns_it_at_once() {
    let world = World::new().await;
    let begun = Instant::now();
    let calls = (0..20).map(|_| world.client.ask("wait 60000".to_owned()).timeout(Duration::from_secs(50)));
    let cut = async {
        sleep(Duration::from_millis(500)).await;
        world.broker.disconnect("client");
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(calls), cut);
    for answer in answers {
        let status = answer.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(!status.is_not_processed());
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
