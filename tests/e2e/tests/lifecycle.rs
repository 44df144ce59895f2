//! Services that come and go.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::{Count, LONG, ProbeClient, World, answer, nothing_runs, nothing_waits, on_all, probe, question};
use futures_util::future::join_all;
use nats_rpc::{Code, Connection, Origin, Server};
use tokio::sync::{Semaphore, oneshot};

/// Calls until nobody answers any more.
async fn until_gone(client: &ProbeClient) {
    let begin = Instant::now();
    while client.ask(question("there?")).timeout(LONG).await.is_ok() {
        assert!(begin.elapsed() < LONG, "it is still there");
        tokio::task::yield_now().await;
    }
}

on_all! {
    a_service_stops_and_starts_again,
    a_call_in_flight_is_answered_when_the_server_shuts_down,
    no_call_fails_while_instances_are_replaced,
    what_outlives_the_grace_is_unavailable,
    a_handle_that_is_dropped_stops_the_server,
    a_signal_ends_serving,
}

async fn a_service_stops_and_starts_again(world: World) {
    let client = world.client().await;
    for round in ["first", "second"] {
        let server = world.serve(probe(move |_| async move { Ok(answer(round)) })).await;
        assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, round);
        server.shutdown().await;
        let begin = Instant::now();
        let status = client.ask(question("")).timeout(LONG * 2).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport));
        assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    }
}

async fn a_call_in_flight_is_answered_when_the_server_shuts_down(world: World) {
    let (started, gate) = (Count::new(), Arc::new(Semaphore::new(0)));
    let (counted, handler_gate) = (started.clone(), Arc::clone(&gate));
    let (client, server) = world
        .start(move |request| {
            let (counted, gate) = (counted.clone(), Arc::clone(&handler_gate));
            async move {
                if request.get_ref().text == "wait" {
                    counted.add();
                    let _ = gate.acquire().await;
                }
                Ok(answer(request.into_inner().text))
            }
        })
        .await;
    let call = tokio::spawn(client.ask(question("wait")).timeout(LONG * 2));
    started.reach(1).await;
    let shutdown = tokio::spawn(server.shutdown());
    until_gone(&client).await;
    assert!(!shutdown.is_finished() && !call.is_finished());
    gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "wait");
    shutdown.await.unwrap();
}

async fn no_call_fails_while_instances_are_replaced(world: World) {
    replace_instances(&world, async || world.connect().await).await;
}

/// What NATS has sent already is still on its way when an instance leaves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nor_does_one_while_instances_far_away_are_replaced() {
    let world = World::nats();
    let proxy = world.proxy().await;
    proxy.delay(Duration::from_millis(5));
    let connect = async || Connection::connect(proxy.url()).await.unwrap();
    e2e::within("replacing", replace_instances(&world, connect)).await;
}

/// Replaces one of two instances, which get their connections from `connect`, ten times under the load of 64 callers.
async fn replace_instances(world: &World, connect: impl AsyncFn() -> Connection) {
    let served = [Count::new(), Count::new()];
    let start = async |instance: usize| {
        let served = served[instance].clone();
        let probe = probe(move |request| {
            let served = served.clone();
            async move {
                let asked = request.into_inner();
                if asked.big_number % 3 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                served.add();
                Ok(answer(asked.text))
            }
        });
        Server::builder().add_service(probe).start(connect().await).await.unwrap()
    };
    let mut servers = [Some(start(0).await), Some(start(1).await)];
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Count::new());
    let (mut callers, mut connections) = (Vec::new(), Vec::new());
    for caller in 0..64 {
        let channel = world.channel().await;
        connections.push(channel.connection().clone());
        let (client, stop, calls) = (ProbeClient::new(channel), Arc::clone(&stop), calls.clone());
        callers.push(tokio::spawn(async move {
            let mut failed = Vec::new();
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let asked = e2e::Question { big_number: n, ..question(format!("{caller}/{n}")) };
                let begin = Instant::now();
                match client.ask(asked).timeout(LONG).await {
                    Ok(given) => assert_eq!(given.into_inner().text, format!("{caller}/{n}")),
                    Err(status) => failed.push(format!("{status} after {:?}", begin.elapsed())),
                }
                calls.add();
            }
            failed
        }));
    }
    let mut gone = Count::new().get();
    for round in 0..10 {
        calls.reach(gone + 500).await;
        let instance = round % 2;
        servers[instance].take().unwrap().shutdown().await;
        calls.reach(calls.get() + 200).await;
        servers[instance] = Some(start(instance).await);
        gone = calls.get();
    }
    let before = [served[0].get(), served[1].get()];
    served[0].reach(before[0] + 20).await;
    served[1].reach(before[1] + 20).await;
    stop.store(true, Ordering::Relaxed);
    let failed: Vec<String> = join_all(callers).await.into_iter().flat_map(Result::unwrap).collect();
    let handled = served[0].get() + served[1].get();
    assert_eq!(failed, Vec::<String>::new(), "of {} calls, of which {handled} were handled", calls.get());
    assert!(before.iter().all(|count| *count > 100), "{before:?}");
    for connection in connections {
        nothing_waits(&connection).await;
    }
    for server in servers.iter().flatten() {
        nothing_runs(server).await;
    }
}

async fn what_outlives_the_grace_is_unavailable(world: World) {
    let (started, ended) = (Count::new(), Count::new());
    let (starts, ends) = (started.clone(), ended.clone());
    let stubborn = probe(move |_| {
        let (starts, ends) = (starts.clone(), ends.clone());
        async move {
            let _guard = ends.guard();
            starts.add();
            pending().await
        }
    });
    let server = Server::builder().add_service(stubborn).grace(Duration::from_millis(100));
    let server = server.start(world.connect().await).await.unwrap();
    let client = world.client().await;
    let call = tokio::spawn(client.ask(question("")).timeout(LONG * 4));
    started.reach(1).await;
    let begin = Instant::now();
    server.shutdown().await;
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    assert_eq!(ended.get(), 1);
    let status = call.await.unwrap().unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Remote));
    assert!(status.message().contains("shut down"), "{status}");
}

async fn a_handle_that_is_dropped_stops_the_server(world: World) {
    let (client, server) = world.start(|_| async { Ok(answer("here")) }).await;
    client.ask(question("")).await.unwrap();
    drop(server);
    until_gone(&client).await;
}

async fn a_signal_ends_serving(world: World) {
    let (signal, signalled) = oneshot::channel::<()>();
    let connection = world.connect().await;
    let serving = tokio::spawn(
        Server::builder()
            .add_service(probe(|_| async { Ok(answer("here")) }))
            .serve_with_shutdown(connection, signalled),
    );
    let client = world.client().await;
    while let Err(status) = client.ask(question("")).await {
        assert_eq!(status.code(), Code::Unavailable);
        tokio::task::yield_now().await;
    }
    signal.send(()).unwrap();
    serving.await.unwrap().unwrap();
    assert_eq!(client.ask(question("")).await.unwrap_err().code(), Code::Unavailable);
}
