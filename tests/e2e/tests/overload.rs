//! A service that has more calls than it can handle.

use std::future::pending;
use std::time::Duration;

use e2e::{Count, LONG, ProbeClient, World, answer, on_both, probe, question, until};
use futures_util::future::join_all;
use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::server::Handle;
use nats_rpc::status::Pushback;
use nats_rpc::{Code, Origin, Priority, Reason, Server};
use tokio::sync::Semaphore;

on_both! {
    a_rejection_arrives_and_the_rest_goes_on,
    who_waits_for_too_long_is_turned_away,
    a_call_whose_time_is_over_while_it_waits_is_never_handled,
    who_gives_up_frees_its_place_in_the_queue,
    a_shutdown_answers_those_that_wait,
}

/// A `Probe` behind a layer: `hang` is never answered, all else is; with how many questions were handled.
async fn serve(world: &World, layer: OverloadLayer) -> (ProbeClient, Count, Handle) {
    let handled = Count::new();
    let handles = handled.clone();
    let service = probe(move |request| {
        handles.add();
        async move {
            if request.get_ref().text == "hang" {
                pending::<()>().await;
            }
            Ok(answer("here"))
        }
    });
    let server = Server::builder().layer(layer).add_service(service).start(world.connect().await);
    (ProbeClient::new(world.bare_channel().await), handled, server.await.unwrap())
}

async fn a_rejection_arrives_and_the_rest_goes_on(world: World) {
    let layer = OverloadLayer::per_method(|_| Limit::fixed(1)).with_queue_percent(0);
    let (client, handled, _server) = serve(&world, layer).await;
    let _hanging = tokio::spawn(client.ask(question("hang")).timeout(LONG * 2));
    handled.reach(1).await;
    for _ in 0..50 {
        let status = client.ask(question("")).priority(Priority::Critical).timeout(LONG).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Remote), "{status}");
        assert_eq!(status.reason(), Some(Reason::Overloaded));
        assert!(status.is_not_processed());
        let Some(Pushback::After(delay)) = status.pushback() else { panic!("no pushback: {status:?}") };
        assert!((Duration::from_millis(10)..=Duration::from_secs(1)).contains(&delay), "{delay:?}");
        let given = client.ask_briefly(question("")).timeout(LONG).await.unwrap();
        assert_eq!(given.into_inner().text, "here");
    }
    assert_eq!(handled.get(), 51);
}

async fn who_waits_for_too_long_is_turned_away(world: World) {
    let layer = OverloadLayer::new().with_limit(Limit::fixed(1)).with_queue_percent(1000);
    let (client, handled, _server) = serve(&world, layer.clone()).await;
    let _hanging = tokio::spawn(client.ask(question("hang")).timeout(LONG * 2));
    handled.reach(1).await;
    let waiting = (0..10).map(|_| client.ask(question("")).timeout(LONG));
    for outcome in join_all(waiting).await {
        let status = outcome.unwrap_err();
        assert_eq!(status.reason(), Some(Reason::Overloaded), "{status}");
    }
    assert_eq!((handled.get(), layer.stats().queued, layer.stats().rejected.default), (1, 0, 10));
}

/// Patient: only callers end what waits.
fn patient() -> OverloadLayer {
    OverloadLayer::new().with_limit(Limit::fixed(1)).with_queue_percent(1000).with_interval(LONG * 10)
}

async fn a_call_whose_time_is_over_while_it_waits_is_never_handled(world: World) {
    let layer = patient();
    let (client, handled, _server) = serve(&world, layer.clone()).await;
    let hanging = tokio::spawn(client.ask(question("hang")).timeout(LONG * 2));
    handled.reach(1).await;
    let status = client.ask(question("")).timeout(Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    until("the call has left the queue", || layer.stats().queued == 0).await;
    hanging.abort();
    until("the place is free", || layer.stats().running == 0).await;
    assert_eq!(client.ask(question("")).timeout(LONG).await.unwrap().into_inner().text, "here");
    assert_eq!(handled.get(), 2);
}

async fn who_gives_up_frees_its_place_in_the_queue(world: World) {
    let layer = patient();
    let (client, handled, _server) = serve(&world, layer.clone()).await;
    let hanging = tokio::spawn(client.ask(question("hang")).timeout(LONG * 2));
    handled.reach(1).await;
    let calls = (0..8).map(|_| tokio::spawn(client.ask(question("")).timeout(LONG * 2)));
    let waiting: Vec<_> = calls.collect();
    until("all wait", || layer.stats().queued == 8).await;
    waiting[..7].iter().for_each(tokio::task::JoinHandle::abort);
    until("one is left", || layer.stats().queued == 1).await;
    hanging.abort();
    for outcome in join_all(waiting).await.into_iter().flatten() {
        assert_eq!(outcome.unwrap().into_inner().text, "here");
    }
    assert_eq!((handled.get(), layer.stats().running), (2, 0));
}

async fn a_shutdown_answers_those_that_wait(world: World) {
    let (layer, gate) = (patient(), std::sync::Arc::new(Semaphore::new(0)));
    let (started, opens) = (Count::new(), gate.clone());
    let starts = started.clone();
    let service = probe(move |_| {
        starts.add();
        let gate = opens.clone();
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(answer("here"))
        }
    });
    let server = Server::builder().layer(layer.clone()).add_service(service).start(world.connect().await);
    let (server, client) = (server.await.unwrap(), world.client().await);
    let calls: Vec<_> = (0..5).map(|_| tokio::spawn(client.ask(question("")).timeout(LONG))).collect();
    until("all have come", || layer.stats().running == 1 && layer.stats().queued == 4).await;
    let shutdown = tokio::spawn(server.shutdown());
    gate.add_permits(5);
    for outcome in join_all(calls).await {
        assert_eq!(outcome.unwrap().unwrap().into_inner().text, "here");
    }
    shutdown.await.unwrap();
    assert_eq!((started.get(), layer.stats().running), (5, 0));
}
