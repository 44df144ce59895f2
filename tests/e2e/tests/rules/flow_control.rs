//! Whoever stops reading stops whoever sends, and nobody else.

use std::sync::Arc;

use e2e::{Count, World, on_all};
use futures_util::{Stream, StreamExt, stream};
use nats_rpc::Response;
use tokio::sync::Notify;

use super::service::{RulesClient, Scripted};
use super::start;

const KIB: usize = 1024;
/// Of each message.
const LENGTH: usize = 10 * KIB;
/// More than what can be under way: windows, and what waits to be sent.
const MOST: usize = 1024 * KIB / LENGTH;

on_all! {
    a_caller_that_stops_reading_stops_the_service,
    a_service_that_stops_reading_stops_the_caller,
}

/// Messages without an end, which are counted.
fn endless(made: &Count) -> impl Stream<Item = String> + Send + use<> {
    let made = made.clone();
    stream::repeat_with(move || {
        made.add();
        let number = made.get();
        format!("{number:>LENGTH$}")
    })
}

/// Gives the other side time: as much as many round trips take.
async fn many_round_trips(client: &RulesClient) {
    for _ in 0..300 {
        client.ask("still there".to_owned()).await.unwrap();
    }
}

async fn a_caller_that_stops_reading_stops_the_service(world: World) {
    let made = Count::new();
    let messages = made.clone();
    let service = Scripted::default().watch(move |_| {
        let messages = endless(&messages).map(Ok);
        async { Ok(Response::stream(messages)) }
    });
    let (client, _server) = start(&world, service).await;
    let mut responses = client.watch(String::new()).await.unwrap().into_inner();
    assert!(responses.message().await.unwrap().is_some());
    many_round_trips(&client).await;
    assert!(made.get() < MOST, "{} messages", made.get());
    // What was sent has waited, and more comes when it is read.
    for number in 2..4 * MOST {
        let message = responses.message().await.unwrap().unwrap();
        assert_eq!(message.trim_start(), number.to_string());
    }
    assert!(made.get() < 6 * MOST, "{} messages", made.get());
}

async fn a_service_that_stops_reading_stops_the_caller(world: World) {
    let go_on = Arc::new(Notify::new());
    let waits = Arc::clone(&go_on);
    let service = Scripted::default().upload(move |request| {
        let waits = Arc::clone(&waits);
        async move {
            let mut requests = request.into_inner();
            requests.message().await?;
            waits.notified().await;
            for number in 2..4 * MOST {
                let message = requests.message().await?.unwrap_or_default();
                assert_eq!(message.trim_start(), number.to_string());
            }
            Ok("enough".to_owned().into())
        }
    });
    let (client, _server) = start(&world, service).await;
    let made = Count::new();
    let upload = tokio::spawn(client.upload(endless(&made)));
    made.reach(2).await;
    many_round_trips(&client).await;
    assert!(made.get() < MOST, "{} messages", made.get());
    go_on.notify_one();
    assert_eq!(upload.await.unwrap().unwrap().into_inner(), "enough");
}
