//! Calls that share NATS messages, through a real NATS server.

use std::time::Duration;

use e2e::{
    Bystander, Count, LONG, ProbeClient, Program, World, answer, frames, nothing_runs, nothing_waits, probe,
    question, until,
};
use futures_util::future::join_all;
use nats_rpc::{Channel, Code, Connection};

/// Asks for the echo of so many texts at the same time, again and again.
async fn echoes(client: &ProbeClient, callers: usize, rounds: usize) {
    let callers = (0..callers).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            for round in 0..rounds {
                let text = format!("{caller} {round}");
                let given = client.ask(question(format!("echo {text}"))).timeout(LONG).await.unwrap();
                assert_eq!(given.into_inner().text, text);
            }
        })
    });
    join_all(callers).await.into_iter().for_each(|caller| caller.unwrap());
}

fn echo() -> e2e::ProbeServer<e2e::Scripted> {
    probe(|request| async move {
        let text = request.into_inner().text;
        Ok(answer(text.strip_prefix("echo ").unwrap_or(&text)))
    })
}

async fn client(world: &World) -> (Connection, ProbeClient) {
    let connection = world.connect().await;
    let client = ProbeClient::new(Channel::new(connection.clone()));
    (connection, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_get_their_own_answers_in_fewer_messages() {
    in_fewer_messages(World::nats()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_async_nats_too() {
    in_fewer_messages(World::nats_by_client()).await;
}

async fn in_fewer_messages(world: World) {
    let server = world.serve(echo()).await;
    let (connection, client) = client(&world).await;
    echoes(&client, 1, 100).await;

    // Whoever listens sees every message.
    let listener = Bystander::new(&world).await;
    let mut heard = listener.subscribe("svc.e2e.v1.Probe.Ask").await;
    let (batches, calls) = (Count::new(), Count::new());
    let counting = {
        let (batches, calls) = (batches.clone(), calls.clone());
        tokio::spawn(async move {
            while let Some(message) = futures_util::StreamExt::next(&mut heard).await {
                let openings = frames(&message.payload);
                openings.iter().for_each(|_| calls.add());
                if openings.len() > 1 {
                    batches.add();
                }
            }
        })
    };
    echoes(&client, 200, 20).await;
    until("all is heard", || calls.get() >= 4_000).await;
    counting.abort();
    assert_eq!(calls.get(), 4_000);
    assert!(batches.get() > 0);
    println!("4,000 calls: {} in {} batches", calls.get(), batches.get());
    nothing_runs(&server).await;
    nothing_waits(&connection).await;
}

/// Each instance has its share, although calls go in batches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_instances_have_a_share() {
    let world = World::nats();
    let counts: Vec<Count> = (0..4).map(|_| Count::new()).collect();
    let mut servers = Vec::new();
    for count in &counts {
        let count = count.clone();
        let service = probe(move |request| {
            count.add();
            async move { Ok(answer(request.into_inner().text.replace("echo ", ""))) }
        });
        servers.push(world.serve(service).await);
    }
    let (_connection, client) = client(&world).await;
    echoes(&client, 1, 50).await;
    echoes(&client, 200, 40).await;
    let shares: Vec<_> = counts.iter().map(Count::get).collect();
    assert_eq!(shares.iter().sum::<usize>(), 8_050);
    assert!(shares.iter().all(|share| *share > 8_050 / 20), "{shares:?}");
}

/// Its calls end, the others go on, and none is answered twice or wrongly.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_killed_takes_only_its_own_calls_along() {
    let world = World::nats();
    let mut killed = Program::instance(&world.options()).await;
    let _other = world.serve(echo()).await;
    let (connection, client) = client(&world).await;
    echoes(&client, 1, 50).await;
    let answered = Count::new();
    let callers = (0..100).map(|caller| {
        let (client, answered) = (client.clone(), answered.clone());
        tokio::spawn(async move {
            let mut failed = 0;
            for round in 0..200 {
                let text = format!("{caller} {round}");
                match client.ask(question(format!("echo {text}"))).timeout(LONG).await {
                    Ok(given) => {
                        assert_eq!(given.into_inner().text, text);
                        answered.add();
                    }
                    Err(status) => {
                        assert!(matches!(status.code(), Code::Unavailable), "{status}");
                        failed += 1;
                    }
                }
            }
            failed
        })
    });
    let callers: Vec<_> = callers.collect();
    until("calls are under way", || answered.get() > 1_000).await;
    killed.kill();
    let failed: usize = join_all(callers).await.into_iter().map(|caller| caller.unwrap()).sum();
    println!("20,000 calls, {failed} of them lost with their instance");
    assert!(failed <= 100, "each caller had one call there at most: {failed}");
    nothing_waits(&connection).await;
}

/// Reply subjects serve one call after the other. Whatever becomes of some, the others get their own answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_share_nothing_get_their_own_answers_while_others_are_given_up() {
    const CALLERS: usize = 100;
    const ROUNDS: usize = 60;
    let world = World::nats();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let slow_echo = probe(|request| async move {
            let text = request.into_inner().text;
            if text.ends_with('0') {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            Ok(answer(text))
        });
        servers.push(world.serve(slow_echo).await);
    }
    let connection = world.connect().await;
    let client = ProbeClient::new(Channel::new(connection.clone()).without_coalescing());
    client.ask(question("first")).await.unwrap();
    let callers = (0..CALLERS).map(|caller| {
        let client = client.clone();
        tokio::spawn(async move {
            for round in 0..ROUNDS {
                let text = format!("{caller} {round}");
                let call = client.ask(question(&text)).timeout(LONG);
                if (caller + round) % 4 == 0 {
                    // Given up as soon as it is sent, or a little later.
                    let _ = tokio::time::timeout(Duration::from_millis((round % 3) as u64), call).await;
                } else {
                    assert_eq!(call.await.unwrap().into_inner().text, text);
                }
            }
        })
    });
    join_all(callers).await.into_iter().for_each(|caller| caller.unwrap());
    for server in &servers {
        nothing_runs(server).await;
    }
    nothing_waits(&connection).await;
}
