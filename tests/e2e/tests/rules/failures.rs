//! Failures of a service that it does not tell of itself: none of them looks like a good end.

use std::time::Duration;

use e2e::{Count, World, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Origin, Reason, Response, Server, Status, Streaming};

use super::service::{RulesClient, RulesServer, Scripted};
use super::{ready, start};

on_both! {
    a_panic_is_unknown,
    a_panic_in_a_stream_comes_after_its_messages,
    a_server_that_stops_is_unavailable,
    a_lost_connection_is_unavailable,
}

async fn a_panic_is_unknown(world: World) {
    let service = Scripted::default()
        .watch(|_| async { panic!("on purpose") })
        .upload(|request| async move {
            let first = request.into_inner().message().await?;
            panic!("on purpose, after {first:?}")
        })
        .chat(|request| async move {
            let first = request.into_inner().message().await?;
            panic!("on purpose, after {first:?}")
        });
    let (client, _server) = start(&world, service).await;
    let requests = || stream::iter(["first".to_owned()]).chain(stream::pending());
    let watch = client.watch(String::new()).await.map(drop).unwrap_err();
    let upload = client.upload(requests()).await.map(drop).unwrap_err();
    let chat = client.chat().send_all(requests()).await.map(drop).unwrap_err();
    for status in [watch, upload, chat] {
        assert_eq!((status.code(), status.origin()), (Code::Unknown, Origin::Remote));
        assert!(!status.message().contains("purpose"), "{status}");
    }
}

async fn a_panic_in_a_stream_comes_after_its_messages(world: World) {
    let service = Scripted::default().watch(|request| async move {
        let count: usize = request.get_ref().parse().unwrap();
        let messages = stream::iter(ready((0..count).map(|n| n.to_string())));
        let panics = stream::poll_fn(|_| panic!("on purpose"));
        Ok(Response::stream(messages.chain(panics)))
    });
    let (client, _server) = start(&world, service).await;
    for count in [0, 1, 100, 10_000] {
        let responses = match client.watch(count.to_string()).await {
            Ok(response) => response.into_inner(),
            Err(status) => Streaming::new(stream::iter([Err(status)])),
        };
        let mut outcomes: Vec<Result<String, Status>> = responses.collect().await;
        assert_eq!(outcomes.len(), count + 1);
        assert_eq!(outcomes.pop().unwrap().unwrap_err().code(), Code::Unknown);
        for (n, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(outcome.unwrap(), n.to_string());
        }
    }
}

/// A message, and then nothing for ever.
fn stuck(over: &Count) -> Scripted {
    let over = over.clone();
    Scripted::default().chat(move |_| {
        let guard = over.guard();
        async move {
            let messages = stream::iter(ready(["first".to_owned()])).chain(stream::pending());
            Ok(Response::stream(messages.inspect(move |_| {
                let _ = &guard;
            })))
        }
    })
}

async fn a_server_that_stops_is_unavailable(world: World) {
    let over = Count::new();
    let server = Server::builder().add_service(RulesServer::new(stuck(&over)));
    let server = server.grace(Duration::from_millis(100)).start(world.connect().await).await.unwrap();
    let client = RulesClient::new(world.channel().await);
    let (requests, mut responses) = client.chat().await.unwrap().into_split();
    assert_eq!(responses.message().await.unwrap().as_deref(), Some("first"));
    server.shutdown().await;
    let status = responses.message().await.unwrap_err();
    assert_eq!((status.code(), status.reason()), (Code::Unavailable, Some(Reason::Shutdown)), "{status}");
    assert_eq!(responses.message().await.unwrap(), None);
    over.reach(1).await;
    drop(requests);
}

async fn a_lost_connection_is_unavailable(mut world: World) {
    let over = Count::new();
    let (client, _server) = start(&world, stuck(&over)).await;
    let (requests, mut responses) = client.chat().await.unwrap().into_split();
    assert_eq!(responses.message().await.unwrap().as_deref(), Some("first"));
    world.cut();
    let status = responses.message().await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
    assert!(!status.is_not_processed());
    // The service has lost its caller, too.
    over.reach(1).await;
    drop(requests);
}
