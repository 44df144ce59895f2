//! Whatever comes as the answer of a call: the call ends or goes on, and the client works.

use std::time::Instant;

use bytes::BytesMut;
use e2e::{Bystander, LONG, World, answer, probe, question, within};
use futures_util::StreamExt;
use nats_rpc::wire::Terminal;
use prost::Message as _;

use crate::noise::{Noise, setting};

/// A method that nobody serves but we.
const SUBJECT: &str = "svc.elsewhere.Ask";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_answer_is_taken_as_it_should_be() {
    let (count, seed) = (setting("E2E_FUZZ_CASES", 3_000), setting("E2E_FUZZ_SEED", 1));
    let world = World::nats();
    let _server = world.serve(probe(|request| async { Ok(answer(request.into_inner().text)) })).await;
    let nats = Bystander::new(&world).await;
    let mut calls = nats.subscribe(SUBJECT).await;
    tokio::spawn(async move {
        let mut noise = Noise::new(seed);
        while let Some(call) = calls.next().await {
            let Some(reply) = call.reply else { continue };
            for _ in 0..noise.below(3) {
                let (headers, payload) = noise.answer();
                let client = nats.client();
                if headers.is_empty() {
                    client.publish(reply.clone(), payload).await.unwrap();
                } else {
                    client.publish_with_headers(reply.clone(), headers, payload).await.unwrap();
                }
            }
            // What was dropped leaves the call to this one.
            let mut good = BytesMut::new();
            let none = || [].into_iter();
            let body = question("good").encode_to_vec();
            Terminal::default().encode(none(), none(), none(), &body, &mut good).unwrap();
            nats.client().publish(reply, good.freeze()).await.unwrap();
        }
    });
    let connection = world.connect().await;
    let noisy = e2e::ProbeClient::new(e2e::channel(connection.clone(), "svc.elsewhere").unwrap());
    let client = e2e::ProbeClient::new(e2e::channel(connection, "-").unwrap());
    let (mut succeeded, mut failed) = (0, 0);
    for n in 0..count {
        let begin = Instant::now();
        match within("a call", noisy.ask(question(n.to_string())).timeout(LONG)).await {
            Ok(_) => succeeded += 1,
            Err(_) => failed += 1,
        }
        assert!(begin.elapsed() < LONG, "call {n} got no answer, seed {seed}");
        if n % 100 == 99 {
            let given = client.ask(question("good")).timeout(LONG).await.unwrap();
            assert_eq!(given.into_inner().text, "good");
        }
    }
    assert!(succeeded > count / 4 && failed > count / 10, "{succeeded} {failed}");
    e2e::say(&format!("{count} calls, {succeeded} of them succeeded, seed {seed}"));
}
