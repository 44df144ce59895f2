//! One call, from its caller's side.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use nats_rpc::call::Event;
use nats_rpc::codegen::Service;
use nats_rpc::raw::{Call as RawCall, ReplyBody};
use nats_rpc::{Channel, Code, Metadata, Origin, Reason, Status};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::content::{self, Direction};
use crate::handler::KEY;
use crate::pause::pause;
use crate::requests::{self, Sent};
use crate::script::{GivesUp, Script};
use crate::service::{CALL, method};
use crate::simulation_support::wording::without_instance;

/// What became of a call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) script: Arc<Script>,
    pub(crate) began: Duration,
    pub(crate) ended: Duration,
    /// When it last waited for something to come.
    pub(crate) asked: Duration,
    /// So many responses came, in order.
    pub(crate) read: usize,
    pub(crate) outcome: Outcome,
    pub(crate) wrong: Option<String>,
    pub(crate) sent: Sent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Clean,
    Failed {
        code: Code,
        reason: Option<Reason>,
        origin: Origin,
        not_processed: bool,
        text: String,
    },
    Dropped,
    /// It did not end, long after it had to.
    Hung,
}

/// No script lasts that long.
const LONGEST: Duration = Duration::from_secs(400);

/// What a caller sees as it comes.
#[derive(Default)]
struct Seen {
    asked: Duration,
    read: usize,
    wrong: Option<String>,
}

/// Makes the call at its time.
pub(crate) async fn make(script: Arc<Script>, channel: Channel, start: Instant) -> Call {
    tokio::time::sleep(script.begins).await;
    let began = start.elapsed();
    let (body, mut sent) = requests::body(&script, start);
    let mut metadata = Metadata::new();
    metadata.insert(CALL, script.id.to_string()).unwrap();
    let mut call = RawCall::new(method(script.kind, script.idempotent), body).with_metadata(metadata);
    if let Some(timeout) = script.timeout {
        call = call.with_timeout(timeout);
    }
    let mut seen = Seen { asked: began, ..Seen::default() };
    let made = drive(&script, channel, call, &mut sent, &mut seen, start);
    let outcome = match script.gives_up {
        Some(GivesUp::After(after)) => tokio::time::timeout(after, made).await.unwrap_or(Outcome::Dropped),
        _ => tokio::time::timeout(LONGEST, made).await.unwrap_or(Outcome::Hung),
    };
    let ended = start.elapsed();
    let Seen { asked, read, wrong } = seen;
    // What it holds is dropped with the call, by a task of its connection.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let sent = *sent.borrow();
    Call { script, began, ended, asked, read, outcome, wrong, sent }
}

/// Reads all there is.
async fn drive(
    script: &Script,
    mut channel: Channel,
    call: RawCall,
    sent: &mut watch::Receiver<Sent>,
    seen: &mut Seen,
    start: Instant,
) -> Outcome {
    let reply = match channel.call(call).await {
        Ok(reply) => reply,
        Err(status) => return failed(&status),
    };
    drop(channel);
    let (head, body) = reply.into_parts();
    let told = script.head.then(|| script.id.to_string());
    if head.get(KEY) != told.as_deref() {
        seen.wrong = Some(format!("the response metadata is {head:?}"));
    }
    let mut events = match body {
        ReplyBody::Unary { message, trailers } => {
            seen.message(script, &message);
            seen.trailers(&trailers);
            if script.streams_responses() {
                seen.wrong = Some("one response came where a stream is expected".to_owned());
            }
            return Outcome::Clean;
        }
        ReplyBody::Stream(events) => events,
    };
    if script.half_duplex {
        // A sender that is gone has told before.
        let _ = sent.wait_for(|sent| sent.gone.is_some()).await;
    }
    loop {
        if matches!(script.gives_up, Some(GivesUp::AfterMessages(count)) if count == seen.read) {
            return Outcome::Dropped;
        }
        pause(script.reading.before(seen.read)).await;
        seen.asked = start.elapsed();
        let outcome = match events.next().await {
            Some(Ok(Event::Message(message))) => {
                seen.message(script, &message);
                continue;
            }
            Some(Ok(Event::Trailers(trailers))) => {
                seen.trailers(&trailers);
                Outcome::Clean
            }
            Some(Err(status)) => failed(&status),
            None => {
                seen.wrong = Some("the responses stopped without an end".to_owned());
                return Outcome::Clean;
            }
        };
        if let Some(after) = events.next().await {
            seen.wrong = Some(format!("after the end came {after:?}"));
        }
        return outcome;
    }
}

impl Seen {
    fn message(&mut self, script: &Script, message: &[u8]) {
        let sizes = &script.responses.sizes;
        let checked = content::check(script.id, Direction::Response, self.read, sizes, message);
        self.wrong = self.wrong.take().or(checked.err());
        self.read += 1;
    }

    fn trailers(&mut self, trailers: &Metadata) {
        if trailers.get(KEY) != Some(&self.read.to_string()) {
            self.wrong = Some(format!("after {} responses the trailers are {trailers:?}", self.read));
        }
    }
}

fn failed(status: &Status) -> Outcome {
    Outcome::Failed {
        code: status.code(),
        reason: status.reason(),
        origin: status.origin(),
        not_processed: status.is_not_processed(),
        text: without_instance(status.message()),
    }
}
