//! The status of a call comes after its messages, and nothing comes after the status.

use e2e::{Count, World, nothing_runs, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Response, Status};

use super::service::Scripted;
use super::{ready, start};

on_both! {
    messages_that_nobody_has_read_yet_come_before_the_error,
    messages_that_nobody_has_read_yet_come_before_a_good_end,
    nothing_comes_after_the_end,
}

/// A hundred messages, then the end.
fn hundred(over: &Count, end: Result<(), Status>) -> Scripted {
    let over = over.clone();
    Scripted::default().watch(move |_| {
        let guard = over.guard();
        let end = end.clone().err().map(Err);
        async move {
            let messages = stream::iter(ready((0..100).map(|n| n.to_string()))).chain(stream::iter(end));
            Ok(Response::stream(messages.inspect(move |_| {
                let _ = &guard;
            })))
        }
    })
}

/// The call is over at the service before its caller looks.
async fn messages_that_nobody_has_read_yet_come_before_the_error(world: World) {
    let over = Count::new();
    let (client, server) = start(&world, hundred(&over, Err(Status::data_loss("at the end")))).await;
    let mut responses = client.watch(String::new()).await.unwrap().into_inner();
    over.reach(1).await;
    nothing_runs(&server).await;
    for n in 0..100 {
        assert_eq!(responses.message().await.unwrap(), Some(n.to_string()));
    }
    let status = responses.message().await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::DataLoss, "at the end"));
}

async fn messages_that_nobody_has_read_yet_come_before_a_good_end(world: World) {
    let over = Count::new();
    let (client, server) = start(&world, hundred(&over, Ok(()))).await;
    let mut responses = client.watch(String::new()).await.unwrap().into_inner();
    over.reach(1).await;
    nothing_runs(&server).await;
    assert_eq!(responses.by_ref().count().await, 100);
    assert!(responses.trailers().is_some());
}

async fn nothing_comes_after_the_end(world: World) {
    for end in [Ok(()), Err(Status::aborted("at the end"))] {
        let (client, server) = start(&world, hundred(&Count::new(), end.clone())).await;
        let mut responses = client.watch(String::new()).await.unwrap().into_inner();
        for _ in 0..100 {
            assert!(responses.message().await.unwrap().is_some());
        }
        assert_eq!(responses.message().await.is_err(), end.is_err());
        for _ in 0..3 {
            assert_eq!(responses.message().await.unwrap(), None);
            assert!(responses.next().await.is_none());
        }
        server.shutdown().await;
    }
}
