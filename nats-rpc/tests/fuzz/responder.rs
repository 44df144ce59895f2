//! A forger that answers calls whose responses, or requests, are streams.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use nats_rpc::Channel;
use nats_rpc::call::MessageStream;
use nats_rpc::codegen::Service as _;
use nats_rpc::raw::{Body, Call, ReplyBody};
use nats_rpc::transport::memory::{Broker, Client, Options, Subscriber};
use nats_rpc::wire::{Features, Frame, Kind, Pong};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::forged::{self, CALLS, Forged, INSTANCE, Line};
use crate::scene::{left_of, run, settle};
use crate::service::ECHO;

#[derive(Clone, Debug)]
pub(crate) struct Asked {
    method: usize,
    requests: Vec<usize>,
    /// The service begins as it should.
    welcomed: bool,
    /// The caller reads so much of the response, then drops it.
    reads: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Send(Forged),
    Wait(u64),
}

pub(crate) fn case() -> impl Strategy<Value = (Vec<Asked>, Vec<Step>)> {
    let len = prop_oneof![6 => 0..2_000_usize, 1 => Just(1_100_000)];
    let reads = prop_oneof![3 => Just(usize::MAX), 1 => 0..3_usize];
    let method = prop_oneof![1 => Just(0_usize), 3 => Just(1), 1 => Just(2), 3 => Just(3)];
    let asked = (method, vec(len, 1..4), prop::bool::weighted(0.8), reads)
        .prop_map(|(method, requests, welcomed, reads)| Asked { method, requests, welcomed, reads });
    let step = prop_oneof![
        12 => forged::of_server().prop_map(Step::Send),
        1 => (0..3_000_u64).prop_map(Step::Wait),
    ];
    (vec(asked, CALLS), vec(step, 0..25)).prop_map(|(asked, steps)| {
        let welcomed = (0..CALLS).filter(|call| asked[*call].welcomed);
        let welcome = welcomed.flat_map(forged::welcome).map(Step::Send);
        let steps = welcome.chain(steps).collect();
        (asked, steps)
    })
}

/// Two calls, for which the service has one handle.
pub(crate) fn one_handle_for_two(first: usize, second: usize) -> (Vec<Asked>, Vec<Step>) {
    let asked = |method| Asked { method, requests: vec![0], welcomed: false, reads: usize::MAX };
    let accepts = [0, 1].map(|call| Step::Send(forged::accept_as(call, 1)));
    (vec![asked(first), asked(second)], accepts.into())
}

impl Asked {
    fn body(&self) -> Body {
        let mut messages = self.requests.iter().map(|len| Bytes::from(vec![7; *len]));
        if self.method < 2 {
            return Body::Unary(messages.next().unwrap_or_default());
        }
        let messages: Vec<_> = messages.map(Ok).collect();
        let messages: MessageStream = Box::pin(stream::iter(messages));
        Body::Stream(messages)
    }

    /// Makes the call and reads its response, which ends once. Whether there was any.
    async fn call(self, mut channel: Channel) -> Result<bool, TestCaseError> {
        let Ok(reply) = channel.call(Call::new(ECHO.method(self.method), self.body())).await else {
            return Ok(false);
        };
        let ReplyBody::Stream(mut events) = reply.into_parts().1 else { return Ok(false) };
        for _ in 0..self.reads {
            match events.next().await {
                Some(Ok(nats_rpc::call::Event::Message(_))) => {}
                Some(_) => {
                    prop_assert!(events.next().await.is_none(), "there is something after the end");
                    break;
                }
                None => return Err(TestCaseError::fail("a stream stops without an end")),
            }
        }
        Ok(true)
    }
}

/// Says to whoever asks that there is a service, and nothing of its calls.
async fn answer(client: Client, mut up: Subscriber) {
    while let Some(message) = up.next().await {
        let mut pong = BytesMut::new();
        let features = Features::LATE_ACCEPT.with(Features::AUDIT).with(Features::STREAMS);
        Pong { instance: INSTANCE, features, ..Pong::default() }.encode(&mut pong).expect("it fits");
        if let Some(reply) = message.reply {
            client.publish(&reply, None, pong.freeze());
        }
    }
}

/// Whatever a service sends: each call ends, once, and nothing is left of it. Returns how many got something of a response.
pub(crate) fn harms_no_client(asked: &[Asked], steps: &[Step]) -> Result<u32, TestCaseError> {
    run(async {
        let broker = Broker::seeded(1);
        let forger = broker.client(&Options::new()).expect("it connects");
        let subscribe = |subject: &str| forger.subscribe(subject, None).expect("it is connected");
        let mut calls = subscribe("svc.test.Echo.*");
        let mut own = subscribe(&format!("svc.test.Echo._i.{INSTANCE}.>"));
        tokio::spawn(answer(forger.clone(), subscribe("svc.test.Echo._up")));
        let connection = broker.connect().await.expect("it connects");
        let channel = Channel::new(connection.clone());
        let made: Vec<_> =
            asked.iter().map(|asked| tokio::spawn(asked.clone().call(channel.clone()))).collect();
        let (mut replies, mut asks) = (Vec::new(), None);
        let mut lines: Vec<Line> = (1..=CALLS as u64).map(Line::new).collect();
        for step in steps {
            tokio::time::sleep(Duration::from_millis(1)).await;
            while let Some(message) = calls.try_next() {
                let opens = Frame::split(&message.payload)
                    .is_ok_and(|frame| Kind::from_byte(frame.kind) == Some(Kind::Open));
                replies.extend(message.reply.filter(|_| opens));
            }
            while let Some(message) = own.try_next() {
                asks = message.reply.or(asks);
            }
            match step {
                Step::Send(forged) => {
                    let to = if forged.is_audit() { asks.as_ref() } else { replies.get(forged.call) };
                    for frame in forged.frames(&mut lines[forged.call]) {
                        to.into_iter().for_each(|to| forger.publish(to, None, frame.clone()));
                    }
                }
                Step::Wait(ms) => tokio::time::sleep(Duration::from_millis(*ms)).await,
            }
        }
        // From now on it is silent, which its callers notice.
        let mut answered = 0;
        for call in made {
            let ended = tokio::time::timeout(Duration::from_secs(600), call).await;
            let ended = ended.map_err(|_| TestCaseError::fail("a call hangs"))?;
            answered += u32::from(ended.map_err(|error| TestCaseError::fail(error.to_string()))??);
        }
        prop_assert_eq!(settle(|| left_of(&connection)).await, "");
        Ok(answered)
    })
}
