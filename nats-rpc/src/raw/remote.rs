use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::{BoxFuture, FutureExt, Shared, WeakShared};
use tokio::time::Instant;

use super::batching::Batching;
use super::budget::Budget;
use super::instances::Instances;
use super::rtt::Rtt;
use super::skew::Skew;
use crate::spec::Method;
use crate::subject::{self, Subject};
use crate::transport::{Delivery, Epoch, Outgoing, Ticket};
use crate::wire::{Features, FrameView, Kind, Ping, Pong, Serves};

/// How long a question to `_up` waits for its answer.
const UP_LIMIT: Duration = Duration::from_millis(250);
/// How long the first question to a service does, which nothing waits for.
const GREETING_LIMIT: Duration = Duration::from_secs(1);

/// What a channel knows of a service.
pub(crate) struct Remote {
    service: String,
    /// Where its instances say whether they serve.
    up: Subject,
    pub(super) rtt: Rtt,
    pub(super) skew: Skew,
    pub(super) budget: Arc<Budget>,
    /// The connection on which the service was asked what it can do.
    greeted: AtomicU64,
    /// The connection on which it has shown that it sends ACCEPTs.
    accepting: AtomicU64,
    instances: Instances,
    /// It has refused what is compressed.
    plain_only: AtomicBool,
    /// Questions under way, one for each method.
    questions: Mutex<HashMap<u32, WeakShared<Question>>>,
    pub(super) batching: Batching,
}

type Question = BoxFuture<'static, Verdict>;

/// Why nobody took a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Somebody serves the method after all: an instance was just starting.
    Served,
    /// Somebody is there, who does not have the method.
    NotServed,
    /// Somebody has the method and is leaving.
    Leaving,
    /// Nobody is there.
    Nobody,
    /// There was no answer.
    Unknown,
    /// It may not be asked.
    Unasked,
}

impl Remote {
    pub(crate) fn new(service: &str, prefix: &str) -> Self {
        Self {
            service: service.to_owned(),
            up: subject::up(prefix),
            rtt: Rtt::new(),
            skew: Skew::new(),
            budget: Arc::new(Budget::new()),
            greeted: AtomicU64::new(0),
            accepting: AtomicU64::new(0),
            instances: Instances::default(),
            plain_only: AtomicBool::new(false),
            questions: Mutex::default(),
            batching: Batching::new(),
        }
    }

    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    /// What the subjects of its methods begin with.
    pub(super) fn prefix(&self) -> &str {
        subject::prefix_of(&self.up)
    }

    /// The instances that serve it, by the NATS service API. What is known is asked anew after 5 s.
    pub(super) async fn instances(&self, epoch: &Arc<Epoch>) -> BTreeSet<String> {
        self.instances.get(self, epoch).await
    }

    /// Beside the first call on a connection: how far away the service is, and what it can do.
    pub(super) fn greet(self: &Arc<Self>, epoch: &Arc<Epoch>) {
        if self.greeted.load(Ordering::Relaxed) == epoch.name()
            || self.greeted.swap(epoch.name(), Ordering::Relaxed) == epoch.name()
        {
            return;
        }
        let (remote, epoch) = (Arc::clone(self), Arc::clone(epoch));
        epoch.clone().spawn(async move {
            let begin = Instant::now();
            if let Verdict::Nobody | Verdict::Unknown = remote.ask(&epoch, 0, GREETING_LIMIT).await {
                // A later call may ask again, but not each of them.
                tokio::select! {
                    biased;
                    () = epoch.ended() => {}
                    () = tokio::time::sleep_until(begin + GREETING_LIMIT) => {}
                }
                let _ =
                    remote.greeted.compare_exchange(epoch.name(), 0, Ordering::Relaxed, Ordering::Relaxed);
            }
        });
    }

    /// Whether the service has shown on this connection that it sends ACCEPTs.
    pub(super) fn accepts(&self, epoch: &Epoch) -> bool {
        self.accepting.load(Ordering::Relaxed) == epoch.name()
    }

    /// Whether the service may be able to read what is compressed.
    pub(super) fn takes_compression(&self) -> bool {
        !self.plain_only.load(Ordering::Relaxed)
    }

    /// It can't. It is not asked again: instances may differ, and each refusal costs a round trip.
    pub(super) fn refuse_compression(&self) {
        self.plain_only.store(true, Ordering::Relaxed);
    }

    pub(super) fn learn(&self, epoch: &Epoch, features: Features) {
        if features.contains(Features::LATE_ACCEPT) {
            self.accepting.store(epoch.name(), Ordering::Relaxed);
        }
        if features.contains(Features::BATCH) {
            self.batching.shown_on(epoch);
        }
    }

    /// Why nobody took a call of this method. Callers that ask at once share one question.
    pub(super) async fn confirm(self: &Arc<Self>, epoch: &Arc<Epoch>, method: &Method) -> Verdict {
        self.question(epoch, method.hash()).await
    }

    fn question(self: &Arc<Self>, epoch: &Arc<Epoch>, method: u32) -> Shared<Question> {
        let mut questions = self.questions.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has an answer already has nothing to do with this call.
        let under_way = questions.get(&method).and_then(WeakShared::upgrade);
        if let Some(question) = under_way.filter(|question| question.peek().is_none()) {
            return question;
        }
        let (remote, epoch) = (Arc::clone(self), Arc::clone(epoch));
        let question = async move { remote.ask(&epoch, method, UP_LIMIT).await }.boxed().shared();
        questions.extend(question.downgrade().map(|weak| (method, weak)));
        question
    }

    async fn ask(&self, epoch: &Arc<Epoch>, method: u32, limit: Duration) -> Verdict {
        let sent = Instant::now();
        let Ok(ticket) = Ticket::open(Arc::clone(epoch), self.up.clone(), Some(sent + limit)) else {
            return Verdict::Unknown;
        };
        epoch.send_control(Outgoing::question(self.up.clone(), ticket.reply_subject(), ping(method)));
        loop {
            match ticket.recv().await {
                Delivery::Message { payload, .. } => {
                    if let Some((serves, features)) = pong(&payload) {
                        self.rtt.sample(sent.elapsed());
                        self.learn(epoch, features);
                        return match serves {
                            Serves::Yes => Verdict::Served,
                            Serves::No => Verdict::NotServed,
                            Serves::Leaving => Verdict::Leaving,
                            // It was not asked after a method.
                            Serves::Unsaid if method == 0 => Verdict::Served,
                            Serves::Unsaid => Verdict::Unknown,
                        };
                    }
                }
                Delivery::NoResponders => return Verdict::Nobody,
                Delivery::Denied => return Verdict::Unasked,
                _ => return Verdict::Unknown,
            }
        }
    }
}

fn ping(method: u32) -> Bytes {
    let mut frame = BytesMut::new();
    Ping { method, ..Ping::default() }.encode(&mut frame).expect("two numbers fit");
    frame.freeze()
}

fn pong(payload: &Bytes) -> Option<(Serves, Features)> {
    let frame = FrameView::split(payload).ok()?;
    (Kind::from_byte(frame.kind) == Some(Kind::Pong)).then_some(())?;
    let pong = Pong::decode(frame.header).ok()?;
    Some((pong.serves, pong.features))
}
