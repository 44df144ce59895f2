//! Answers by somebody who knows where a client's answers go, and not under which token.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use e2e::{
    Answer, Bystander, LONG, ProbeClient, World, answer, nothing_runs, nothing_waits, probe, question, until,
};
use futures_util::StreamExt;
use nats_rpc::Channel;
use nats_rpc::wire::{self, token};
use prost::Message;
use tokio::sync::Semaphore;

const ASK: &str = "svc.e2e.v1.Probe.Ask";

fn forged() -> Bytes {
    let mut frame = BytesMut::new();
    let body = Answer { text: "forged".into(), ..Answer::default() }.encode_to_vec();
    let none = std::iter::empty;
    wire::Terminal::default().encode(none(), none(), none(), &body, &mut frame).unwrap();
    frame.freeze()
}

/// Guesses at the token of the call in this slot: other nonces, and other slots with the nonce of an earlier call.
fn guesses(slot: u32, earlier: u64) -> Vec<u64> {
    let mut state = earlier | 1;
    let random = (0..200).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        token::new(slot, state >> token::SLOT_BITS)
    });
    let neighbours =
        [1, 2, 1 << 39, (1 << 40) - 1].map(|bits| token::new(slot, token::nonce(earlier) ^ bits));
    let slots = (0..200).map(|slot| token::new(slot, token::nonce(earlier)));
    let edges = [0, u64::MAX, token::new(slot, 0), token::new(slot, u64::MAX)];
    random.chain(neighbours).chain(slots).chain(edges).collect()
}

#[tokio::test]
async fn a_guessed_token_answers_no_call() {
    let (world, gate) = (World::nats(), Arc::new(Semaphore::new(1)));
    let handler_gate = Arc::clone(&gate);
    let gated = probe(move |request| {
        let gate = Arc::clone(&handler_gate);
        async move {
            gate.acquire().await.unwrap().forget();
            Ok(answer(request.into_inner().text))
        }
    });
    let server = world.serve(gated).await;
    let connection = world.connect().await;
    let client = ProbeClient::new(Channel::new(connection.clone()));
    let nats = Bystander::new(&world).await;
    let mut tap = nats.client().subscribe(ASK).await.unwrap();
    nats.publish("x", "").await;
    let mut reply_subject = async || {
        let message = tokio::time::timeout(LONG, tap.next()).await.unwrap().unwrap();
        message.reply.unwrap().into_string()
    };
    client.ask(question("earlier")).timeout(LONG).await.unwrap();
    let subject = reply_subject().await;
    let inbox = subject[..subject.len() - token::TEXT_LEN].to_owned();
    let earlier = token::of_subject(subject.as_bytes()).unwrap();
    nothing_waits(&connection).await;

    let before = connection.stats().ignored;
    let call = tokio::spawn(client.ask(question("true")).timeout(LONG));
    // The forger does not see this one; it only shows that the slot was guessed right.
    let own = token::of_subject(reply_subject().await.as_bytes()).unwrap();
    let guesses = guesses(token::slot(own), earlier);
    assert!(!guesses.contains(&own) && own != earlier);
    for guess in &guesses {
        let text = token::to_hex(*guess);
        let subject = format!("{inbox}{}", std::str::from_utf8(&text).unwrap());
        nats.client().publish(subject, forged()).await.unwrap();
    }
    // Neither do these name a token.
    for end in ["x", "0", "000000000000000G", "00000000000000000", "F000000000000000"] {
        nats.client().publish(format!("{inbox}{end}"), forged()).await.unwrap();
    }
    let sent = guesses.len() as u64 + 5;
    until("all were counted", || connection.stats().ignored >= before + sent).await;
    assert_eq!(connection.stats().ignored, before + sent);
    assert!(!call.is_finished());
    gate.add_permits(2);
    assert_eq!(call.await.unwrap().unwrap().into_inner().text, "true");
    assert_eq!(client.ask(question("next")).timeout(LONG).await.unwrap().into_inner().text, "next");
    nothing_waits(&connection).await;
    nothing_runs(&server).await;
}
