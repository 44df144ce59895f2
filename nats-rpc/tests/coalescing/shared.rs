//! What shares a message, and how much.

use nats_rpc::wire::{Kind, MAX_BATCH_BYTES, MAX_BATCH_CALLS};

use crate::tap::{Seen, frames, of_kind};
use crate::world::{ASK, OracleClient, World, ask_all, connect, questions};
use nats_rpc::Channel;

#[tokio::test(start_paused = true)]
async fn calls_that_are_made_together_go_together_and_so_do_their_answers() {
    let mut world = World::new().await;
    let asked = questions(100);
    let answers = world.ask_all(&asked).await;
    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), asked);
    let seen = world.tap.seen();
    let (openings, answers): (Vec<_>, Vec<_>) = seen.into_iter().partition(|seen| seen.subject == ASK);
    assert_eq!((frames(&openings), frames(&answers)), (100, 100));
    // The first are sent at once, since nothing is before them.
    assert!(openings.len() <= 2 + 100usize.div_ceil(MAX_BATCH_CALLS), "{}", openings.len());
    assert!(openings.iter().all(|seen| seen.items.len() <= MAX_BATCH_CALLS));
    assert!(answers.len() <= 10, "{}", answers.len());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_alone_has_a_message_of_its_own() {
    let mut world = World::new().await;
    for question in questions(10) {
        world.client.ask(question).await.unwrap();
    }
    let seen = world.tap.seen();
    assert!(!seen.iter().any(Seen::is_shared));
    assert_eq!((of_kind(&seen, Kind::Open), of_kind(&seen, Kind::Terminal), seen.len()), (10, 10, 20));
}

#[tokio::test(start_paused = true)]
async fn no_message_is_longer_than_what_pays() {
    let mut world = World::new().await;
    let asked: Vec<_> = (0..60).map(|n| format!("{n}-{}", "x".repeat(200 * n))).collect();
    let answers = world.ask_all(&asked).await;
    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), asked);
    let seen = world.tap.seen();
    let shared: Vec<_> = seen.iter().filter(|seen| seen.is_shared()).collect();
    assert!(shared.len() > 8);
    assert!(shared.iter().all(|seen| seen.length <= MAX_BATCH_BYTES));
    assert!(shared.iter().flat_map(|seen| &seen.items).all(|item| item.frame.len() <= 8 * 1024));
}

#[tokio::test(start_paused = true)]
async fn each_connection_gets_the_answers_to_its_own_calls() {
    let world = World::new().await;
    let other = OracleClient::new(Channel::new(connect(&world.broker, "other").await));
    other.ask("first".to_owned()).await.unwrap();
    let (ours, theirs): (Vec<_>, Vec<_>) = (questions(50), (0..50).map(|n| format!("their-{n}")).collect());
    let (answers, others) = tokio::join!(world.ask_all(&ours), ask_all(&other, &theirs));
    assert_eq!(answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(), ours);
    assert_eq!(others.into_iter().map(Result::unwrap).collect::<Vec<_>>(), theirs);
}
