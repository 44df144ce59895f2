//! A broker that dies.

use std::future::pending;
use std::time::{Duration, Instant};

use e2e::{Count, LONG, World, answer, on_all, probe, question};
use futures_util::future::join_all;
use nats_rpc::{Code, Origin, Server};

on_all! {
    an_outage_fails_calls_at_once_and_is_recovered_from,
    a_server_can_shut_down_while_disconnected,
    a_server_can_shut_down_long_after_the_outage,
}

async fn an_outage_fails_calls_at_once_and_is_recovered_from(mut world: World) {
    let (started, late) = (Count::new(), Count::new());
    let (starts, lates) = (started.clone(), late.clone());
    let serving = world.connect().await;
    let _server = Server::builder()
        .add_service(probe(move |request| {
            let (starts, lates) = (starts.clone(), lates.clone());
            async move {
                match &*request.get_ref().text {
                    "stay" => {
                        starts.add();
                        pending::<()>().await;
                    }
                    "while down" => {
                        lates.add();
                    }
                    _ => {}
                }
                Ok(answer(request.into_inner().text))
            }
        }))
        .start(serving.clone())
        .await
        .unwrap();
    let channel = world.channel().await;
    let (client, connection) = (e2e::ProbeClient::new(channel.clone()), channel.connection().clone());
    for round in 1..=2 {
        let calls: Vec<_> =
            (0..20).map(|_| tokio::spawn(client.ask(question("stay")).timeout(LONG * 10))).collect();
        started.reach(20 * round).await;
        world.cut();
        let begin = Instant::now();
        for call in calls {
            let status = call.await.unwrap().unwrap_err();
            assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
        }
        assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());

        e2e::until("both have noticed", || !connection.is_connected() && !serving.is_connected()).await;
        let begin = Instant::now();
        let calls = (0..200).map(|_| client.ask(question("while down")).timeout(LONG * 10));
        for outcome in join_all(calls).await {
            let status = outcome.unwrap_err();
            assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
            assert!(status.message().contains("not connected"), "{status}");
        }
        assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());

        world.restore();
        let begin = Instant::now();
        loop {
            match client.ask(question("again")).timeout(LONG).await {
                Ok(given) => break assert_eq!(given.into_inner().text, "again"),
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
            }
            assert!(begin.elapsed() < LONG, "they do not come back");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let calls = (0..100).map(|n| client.ask(question(n.to_string())));
        for (n, given) in join_all(calls).await.into_iter().enumerate() {
            assert_eq!(given.unwrap().into_inner().text, n.to_string());
        }
        assert_eq!(late.get(), 0, "what failed was executed later");
    }
}

async fn a_server_can_shut_down_while_disconnected(mut world: World) {
    let (client, server) = world.start(|_| async { Ok(answer("here")) }).await;
    client.ask(question("")).await.unwrap();
    world.cut();
    assert_eq!(client.ask(question("")).await.unwrap_err().code(), Code::Unavailable);
    let shutdown = tokio::time::timeout(LONG / 2, server.shutdown()).await;
    assert!(shutdown.is_ok(), "shutdown waits for what can't come");
}

async fn a_server_can_shut_down_long_after_the_outage(mut world: World) {
    let serving = world.connect().await;
    let probe = probe(|_| async { Ok(answer("here")) });
    let server = Server::builder().add_service(probe).start(serving.clone()).await.unwrap();
    world.cut();
    e2e::until("it has noticed", || !serving.is_connected()).await;
    let shutdown = tokio::time::timeout(LONG / 2, server.shutdown()).await;
    assert!(shutdown.is_ok(), "shutdown waits for what can't come");
}
