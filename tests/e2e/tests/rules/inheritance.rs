//! Calls with streams that a handler makes inherit its deadline, and end with it.

use std::time::Duration;

use e2e::{Count, LONG, World, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::{Context, Response};

use super::service::{RulesClient, RulesServer, Scripted};
use super::{ready, start};

on_both! {
    the_deadline_goes_on,
    so_it_does_while_responses_are_made,
    whoever_gives_up_ends_all_of_them,
}

/// The seconds that are left, rounded up to whole minutes.
fn minutes_left() -> String {
    let left = Context::current().time_remaining();
    left.map_or("for ever".to_owned(), |left| left.as_secs().div_ceil(60).to_string())
}

/// Answers with the time that is left.
fn inner() -> RulesServer<Scripted> {
    RulesServer::new(
        Scripted::default()
            .watch(|_| async { Ok(Response::stream(stream::iter(ready([minutes_left()])))) })
            .upload(|_| async { Ok(minutes_left().into()) })
            .chat(|_| async { Ok(Response::stream(stream::iter(ready([minutes_left()])))) }),
    )
}

async fn elsewhere(world: &World, service: RulesServer<Scripted>) -> (RulesClient, nats_rpc::server::Handle) {
    let mount = nats_rpc::server::Mount::new(service).subject("svc.elsewhere").unwrap();
    let server = world.serve(mount).await;
    let channel = world.channel().await.with_subject("e2e.rules.Rules", "svc.elsewhere").unwrap();
    (RulesClient::new(channel), server)
}

/// Every kind of call, made by whoever polls this.
async fn every_kind(inner: &RulesClient) -> Result<String, nats_rpc::Status> {
    let upload = inner.upload(stream::empty()).await?.into_inner();
    let watch = inner.watch(String::new()).await?.into_inner().message().await?.unwrap();
    let chat = inner.chat().send_all(stream::empty()).await?.into_inner().message().await?.unwrap();
    let (_requests, mut responses) = inner.chat().await?.into_split();
    let split = responses.message().await?.unwrap();
    Ok(format!("{upload} {watch} {chat} {split}"))
}

async fn the_deadline_goes_on(world: World) {
    let (inner, _inner_server) = elsewhere(&world, inner()).await;
    let service = Scripted::default().ask(move |_| {
        let inner = inner.clone();
        async move { Ok(every_kind(&inner).await?.into()) }
    });
    let (client, _server) = start(&world, service).await;
    let left = client.ask(String::new()).timeout(Duration::from_secs(600)).await.unwrap().into_inner();
    assert_eq!(left, "10 10 10 10");
}

async fn so_it_does_while_responses_are_made(world: World) {
    let (inner, _inner_server) = elsewhere(&world, inner()).await;
    let service = Scripted::default().watch(move |_| {
        let inner = inner.clone();
        let made = stream::once(async move { every_kind(&inner).await });
        async { Ok(Response::stream(made)) }
    });
    let (client, _server) = start(&world, service).await;
    for (timeout, left) in [(Some(600), "10 10 10 10"), (None, "for ever for ever for ever for ever")] {
        let call = client.watch(String::new());
        let call = match timeout {
            Some(seconds) => call.timeout(Duration::from_secs(seconds)),
            None => call,
        };
        assert_eq!(call.await.unwrap().into_inner().message().await.unwrap().as_deref(), Some(left));
    }
}

async fn whoever_gives_up_ends_all_of_them(world: World) {
    let (started, over) = (Count::new(), Count::new());
    let (starts, ends) = (started.clone(), over.clone());
    let stuck = Scripted::default().watch(move |_| {
        starts.add();
        let guard = ends.guard();
        let never = stream::pending().inspect(move |_: &Result<String, _>| {
            let _ = &guard;
        });
        async { Ok(Response::stream(never)) }
    });
    let (inner, _inner_server) = elsewhere(&world, RulesServer::new(stuck)).await;
    let service = Scripted::default().watch(move |_| {
        let inner = inner.clone();
        async move {
            // One in a task, one awaited here, one handed on.
            let spawned = inner.watch(String::new());
            nats_rpc::spawn(async move { spawned.await?.into_inner().message().await });
            let mut own = inner.watch(String::new()).await?.into_inner();
            let handed_on = inner.watch(String::new()).await?.into_inner();
            let awaits = stream::once(async move { own.message().await.map(Option::unwrap_or_default) });
            Ok(Response::stream(stream::select(handed_on, awaits)))
        }
    });
    let (client, server) = start(&world, service).await;
    let responses = client.watch(String::new()).timeout(LONG * 4).await.unwrap();
    started.reach(3).await;
    assert_eq!(over.get(), 0);
    drop(responses);
    over.reach(3).await;
    e2e::nothing_runs(&server).await;
}
