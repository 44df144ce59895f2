//! Callers that no longer want their answers.

use std::future::pending;
use std::time::Duration;

use e2e::{Count, LONG, ProbeClient, World, answer, on_both, question, until};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Connection};

on_both! {
    a_call_that_is_dropped_stops_its_handler,
    one_that_is_dropped_at_once_does_too,
    many_that_are_dropped_leave_nothing_behind,
    a_caller_whose_connection_ends_gives_up_afterwards,
    a_call_that_does_not_wait_long_is_not_accepted,
}

/// Somebody whose handlers never end, but for those of "next".
struct Scene {
    client: ProbeClient,
    connection: Connection,
    server: Handle,
    started: Count,
    dropped: Count,
    world: World,
}

impl Scene {
    async fn new(world: World) -> Self {
        let (started, dropped) = (Count::new(), Count::new());
        let (starts, drops) = (started.clone(), dropped.clone());
        let (_, server) = world
            .start(move |request| {
                let (starts, drops) = (starts.clone(), drops.clone());
                async move {
                    if request.get_ref().text == "next" {
                        return Ok(answer("next"));
                    }
                    let _guard = drops.guard();
                    starts.add();
                    pending().await
                }
            })
            .await;
        let connection = world.connect().await;
        let client = ProbeClient::new(Channel::new(connection.clone()));
        Self { client, connection, server, started, dropped, world }
    }

    async fn nothing_is_left(&self) {
        until("no handler runs", || {
            let stats = self.server.stats();
            stats.running == 0 && stats.accepted == 0
        })
        .await;
        until("no call waits", || self.connection.stats().waiting == 0).await;
        assert_eq!(self.connection.stats().accepted, 0);
        assert_eq!(self.started.get(), self.dropped.get());
        let next = self.client.ask(question("next")).await.unwrap();
        assert_eq!(next.into_inner().text, "next");
    }
}

async fn a_call_that_is_dropped_stops_its_handler(world: World) {
    let scene = Scene::new(world).await;
    let call = tokio::spawn(scene.client.ask(question("stay")).timeout(LONG * 4));
    until("the call is accepted", || scene.server.stats().accepted == 1).await;
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    assert_eq!(scene.dropped.get(), 0);
    call.abort();
    scene.dropped.reach(1).await;
    scene.nothing_is_left().await;
}

async fn one_that_is_dropped_at_once_does_too(world: World) {
    let scene = Scene::new(world).await;
    let call = tokio::spawn(scene.client.ask(question("stay")).timeout(LONG * 4));
    scene.started.reach(1).await;
    call.abort();
    scene.dropped.reach(1).await;
    scene.nothing_is_left().await;
}

async fn many_that_are_dropped_leave_nothing_behind(world: World) {
    let scene = Scene::new(world).await;
    for round in 1..=5 {
        let calls: Vec<_> =
            (0..200).map(|_| tokio::spawn(scene.client.ask(question("stay")).timeout(LONG * 4))).collect();
        scene.started.reach(round * 200).await;
        for (n, call) in calls.iter().enumerate() {
            // Some before they are accepted, some after.
            if n == 100 {
                until("they are accepted", || scene.connection.stats().accepted >= 50).await;
            }
            call.abort();
        }
        scene.dropped.reach(round * 200).await;
    }
    scene.nothing_is_left().await;
}

async fn a_caller_whose_connection_ends_gives_up_afterwards(world: World) {
    let mut scene = Scene::new(world).await;
    let call = tokio::spawn(scene.client.ask(question("stay")).timeout(LONG * 4));
    until("the caller knows", || scene.connection.stats().accepted == 1).await;
    scene.world.cut();
    let status = call.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.is_not_processed());
    assert_eq!(scene.dropped.get(), 0, "the handler runs on");
    scene.world.restore();
    until("the caller is back", || scene.connection.is_connected()).await;
    // It says so once it is back; or the service finds that nobody asks after the call any more.
    scene.dropped.reach(1).await;
}

async fn a_call_that_does_not_wait_long_is_not_accepted(world: World) {
    let scene = Scene::new(world).await;
    let status = scene.client.ask(question("stay")).timeout(Duration::from_millis(40)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    until("nothing waits", || scene.connection.stats().waiting == 0).await;
    scene.dropped.reach(scene.started.get()).await;
    scene.nothing_is_left().await;
}

/// The last that holds the connection is the call.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_outlives_its_client() {
    for world in [World::nats(), World::memory()] {
        let (client, _server) = world
            .start(|_| async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(answer("done"))
            })
            .await;
        let call = client.ask(question("")).timeout(LONG);
        drop(client);
        assert_eq!(call.await.unwrap().into_inner().text, "done");
    }
}
