//! A call and its answer.

use e2e::{Count, Empty, OtherClient, ProbeClient, Question, World, answer, on_all, other, probe, question};
use futures_util::future::join_all;
use nats_rpc::{Channel, Server};
use tokio::sync::Semaphore;

on_all! {
    a_question_is_answered,
    an_empty_message_is_a_message,
    two_services_share_a_connection,
    two_clients_share_a_channel,
    every_caller_gets_its_own_answer,
    calls_that_are_dropped_leave_the_connection_usable,
}

async fn a_question_is_answered(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let asked = request.into_inner();
            let mut given = answer(format!("{} λ→∞ 🦀", asked.text));
            given.get_mut().big_number = asked.big_number - 1;
            given.get_mut().raw_bytes = asked.raw_bytes.into_iter().rev().collect();
            Ok(given)
        })
        .await;
    let asked =
        Question { text: "¿qué\n\0?".into(), big_number: i64::MIN + 1, raw_bytes: (0..=255).collect() };
    let given = client.ask(asked).await.unwrap().into_inner();
    assert_eq!(given.text, "¿qué\n\0? λ→∞ 🦀");
    assert_eq!(given.big_number, i64::MIN);
    assert_eq!(given.raw_bytes, (0..=255).rev().collect::<Vec<u8>>());
}

async fn an_empty_message_is_a_message(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            assert_eq!(*request.get_ref(), Question::default());
            Ok(answer(""))
        })
        .await;
    assert_eq!(client.nothing(Empty {}).await.unwrap().into_inner(), Empty {});
    assert_eq!(client.ask(Question::default()).await.unwrap(), answer(""));
}

async fn two_services_share_a_connection(world: World) {
    let connection = world.connect().await;
    let _server = Server::builder()
        .add_service(probe(|_| async { Ok(answer("probe")) }))
        .add_service(other(|_| async { Ok(answer("other")) }))
        .start(connection.clone())
        .await
        .unwrap();
    // The clients are on the same connection, too.
    let channel = Channel::new(connection);
    let (first, second) = (ProbeClient::new(channel.clone()), OtherClient::new(channel));
    assert_eq!(first.ask(question("")).await.unwrap().into_inner().text, "probe");
    assert_eq!(second.who(Empty {}).await.unwrap().into_inner().text, "other");
}

async fn two_clients_share_a_channel(world: World) {
    let _server = world.serve(probe(|request| async move { Ok(answer(request.into_inner().text)) })).await;
    let channel = world.channel().await;
    let (first, second) = (ProbeClient::new(channel.clone()), ProbeClient::new(channel));
    let (a, b) = tokio::join!(first.ask(question("a")), second.ask(question("b")));
    assert_eq!(a.unwrap().into_inner().text, "a");
    assert_eq!(b.unwrap().into_inner().text, "b");
    // One that goes leaves the channel to the other.
    drop(first);
    assert_eq!(second.ask(question("c")).await.unwrap().into_inner().text, "c");
}

async fn every_caller_gets_its_own_answer(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let asked = request.into_inner();
            // Some are ready at once, some are overtaken by others.
            for _ in 0..asked.big_number % 4 {
                tokio::task::yield_now().await;
            }
            Ok(answer(format!("re: {}", asked.text)))
        })
        .await;
    let callers = (0..64).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            for n in 0..200 {
                let asked = Question { big_number: n, ..question(format!("{caller}/{n}")) };
                let given = client.ask(asked).await.unwrap().into_inner();
                assert_eq!(given.text, format!("re: {caller}/{n}"));
            }
        })
    });
    for caller in join_all(callers).await {
        caller.unwrap();
    }
}

async fn calls_that_are_dropped_leave_the_connection_usable(world: World) {
    let (started, gate) = (Count::new(), std::sync::Arc::new(Semaphore::new(0)));
    let (counted, handler_gate) = (started.clone(), std::sync::Arc::clone(&gate));
    let (client, _server) = world
        .start(move |request| {
            let (counted, gate) = (counted.clone(), std::sync::Arc::clone(&handler_gate));
            async move {
                if request.get_ref().text == "wait" {
                    counted.add();
                    let _ = gate.acquire().await;
                }
                Ok(answer(request.into_inner().text))
            }
        })
        .await;
    let callers: Vec<_> = (0..100).map(|_| tokio::spawn(client.ask(question("wait")))).collect();
    started.reach(100).await;
    for caller in callers {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    // What was never awaited was never made.
    drop(client.ask(question("wait")));
    assert_eq!(client.ask(question("next")).await.unwrap().into_inner().text, "next");
    assert_eq!(started.get(), 100);
    // The late answers come while other calls wait in the slots that were given back.
    let later: Vec<_> = (0..100).map(|_| tokio::spawn(client.ask(question("wait")))).collect();
    started.reach(200).await;
    gate.add_permits(1000);
    for caller in later {
        assert_eq!(caller.await.unwrap().unwrap().into_inner().text, "wait");
    }
    assert_eq!(started.get(), 200);
}

async fn on_one_thread(world: World) {
    let (client, server) = world
        .start(|request| async move {
            tokio::task::yield_now().await;
            Ok(answer(request.into_inner().text))
        })
        .await;
    let calls = (0..50).map(|n| client.ask(question(n.to_string())));
    for (n, given) in join_all(calls).await.into_iter().enumerate() {
        assert_eq!(given.unwrap().into_inner().text, n.to_string());
    }
    server.shutdown().await;
}

#[tokio::test(flavor = "current_thread")]
async fn one_thread_is_enough_on_nats() {
    e2e::within("the test", on_one_thread(World::nats())).await;
}

#[tokio::test(flavor = "current_thread")]
async fn one_thread_is_enough_in_memory() {
    e2e::within("the test", on_one_thread(World::memory())).await;
}
