//! A service may end a call before its caller has half-closed: then both directions are over.

use e2e::{Count, World, nothing_runs, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Response, Status};

use super::service::Scripted;
use super::{ready, start};

on_both! {
    one_response_to_requests_that_never_end,
    an_error_to_requests_that_never_end,
    a_stream_ends_while_the_caller_may_still_send,
    requests_that_nobody_reads_hold_nobody_up,
}

async fn one_response_to_requests_that_never_end(world: World) {
    let service = Scripted::default().upload(|request| async move {
        let first = request.into_inner().message().await?;
        Ok(first.unwrap_or_default().into())
    });
    let (client, server) = start(&world, service).await;
    let dropped = Count::new();
    for rest in [stream::pending().left_stream(), stream::repeat("x".repeat(1000)).right_stream()] {
        let before = dropped.get();
        let guard = dropped.guard();
        let requests = stream::iter(["first".to_owned()]).chain(rest).inspect(move |_| {
            let _ = &guard;
        });
        assert_eq!(client.upload(requests).await.unwrap().into_inner(), "first");
        // Nobody asks for more of them.
        dropped.reach(before + 1).await;
        nothing_runs(&server).await;
    }
}

async fn an_error_to_requests_that_never_end(world: World) {
    let service = Scripted::default()
        .upload(|_| async { Err(Status::failed_precondition("not now")) })
        .chat(|_| async { Err(Status::failed_precondition("not now")) });
    let (client, server) = start(&world, service).await;
    let endless = || stream::repeat("x".repeat(1000));
    let upload = client.upload(endless()).await.unwrap_err();
    let chat = match client.chat().send_all(endless()).await {
        Ok(response) => response.into_inner().message().await.unwrap_err(),
        Err(status) => status,
    };
    for status in [upload, chat] {
        assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "not now"));
    }
    nothing_runs(&server).await;
}

async fn a_stream_ends_while_the_caller_may_still_send(world: World) {
    let service = Scripted::default().chat(|request| async move {
        let mut requests = request.into_inner();
        let first = requests.message().await?.unwrap_or_default();
        let mut response = Response::stream(stream::iter(ready([first])));
        response.trailers_mut().insert("x-end", "good")?;
        Ok(response)
    });
    let (client, server) = start(&world, service).await;
    let (mut requests, mut responses) = client.chat().await.unwrap().into_split();
    requests.send("first".to_owned()).await.unwrap();
    assert_eq!(responses.message().await.unwrap().as_deref(), Some("first"));
    assert_eq!(responses.message().await.unwrap(), None);
    assert_eq!(responses.trailers().unwrap().get("x-end"), Some("good"));
    // After one failed write, all others fail.
    for _ in 0..3 {
        assert_eq!(requests.send("second".to_owned()).await.unwrap_err().code(), Code::Unknown);
    }
    nothing_runs(&server).await;
}

/// The service has lost interest in the requests, and answers all the same.
async fn requests_that_nobody_reads_hold_nobody_up(world: World) {
    let service = Scripted::default().chat(|request| async move {
        drop(request);
        Ok(Response::stream(stream::iter(ready((0..1000).map(|n| n.to_string())))))
    });
    let (client, _server) = start(&world, service).await;
    let (mut requests, mut responses) = client.chat().await.unwrap().into_split();
    // More than fits into any window, while nobody reads the responses either.
    for _ in 0..500 {
        if let Err(status) = requests.send("x".repeat(10_000)).await {
            assert_eq!(status.code(), Code::Unknown, "the service has ended the call: {status}");
            break;
        }
    }
    requests.close();
    for n in 0..1000 {
        assert_eq!(responses.message().await.unwrap(), Some(n.to_string()));
    }
    assert_eq!(responses.message().await.unwrap(), None);
}
