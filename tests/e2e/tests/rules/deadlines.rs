//! The deadline of a call is that of its whole stream, however much comes.

use std::time::Duration;

use e2e::{World, nothing_runs, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Response};

use super::service::Scripted;
use super::start;

on_both! {
    a_stream_of_responses_that_never_pauses,
    a_stream_of_requests_that_never_pauses,
    a_stream_each_way_that_never_pauses,
}

const TIMEOUT: Duration = Duration::from_millis(300);

fn service() -> Scripted {
    Scripted::default()
        .watch(|_| async { Ok(Response::stream(stream::repeat("x".repeat(100)).map(Ok))) })
        .upload(|request| async move {
            let mut requests = request.into_inner();
            while requests.message().await?.is_some() {}
            Ok(String::new().into())
        })
        .chat(|request| async move { Ok(Response::stream(request.into_inner())) })
}

async fn a_stream_of_responses_that_never_pauses(world: World) {
    let (client, server) = start(&world, service()).await;
    let status = match client.watch(String::new()).timeout(TIMEOUT).await {
        Ok(response) => {
            let mut responses = response.into_inner();
            loop {
                match responses.message().await {
                    Ok(message) => assert!(message.is_some()),
                    Err(status) => break status,
                }
            }
        }
        Err(status) => status,
    };
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    nothing_runs(&server).await;
}

async fn a_stream_of_requests_that_never_pauses(world: World) {
    let (client, server) = start(&world, service()).await;
    let endless = stream::repeat("x".repeat(100));
    let status = client.upload(endless).timeout(TIMEOUT).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    nothing_runs(&server).await;
}

async fn a_stream_each_way_that_never_pauses(world: World) {
    let (client, server) = start(&world, service()).await;
    let (mut requests, mut responses) = client.chat().timeout(TIMEOUT).await.unwrap().into_split();
    let sending = tokio::spawn(async move { while requests.send("x".repeat(100)).await.is_ok() {} });
    let status = loop {
        match responses.message().await {
            Ok(message) => assert!(message.is_some()),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    sending.await.unwrap();
    nothing_runs(&server).await;
}
