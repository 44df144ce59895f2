use std::collections::VecDeque;
use std::mem;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use super::batches::Batches;
use super::slab::{FIRST_PAGE, PAGES, Slab, locate, page_len};
use super::{Delivery, Flow, lock};
use crate::subject::Subject;
use crate::wire::token;

/// So many slots share one bound on their alarms.
const GROUP: usize = FIRST_PAGE;

/// Messages that are kept for a call that is no stream. It gets hardly any, unless many instances answer it.
const MAX_MAIL: usize = 1024;

/// So many calls are remembered that have ended without an answer.
const UNANSWERED: usize = 1024;

/// No alarm.
pub(crate) const NEVER: u64 = u64::MAX;

/// The calls of a connection that wait for an answer.
///
/// Each has an alarm, in ticks of the owner's clock. They are kept as coarse bounds over groups of slots, so that a
/// call needs no timer of its own.
pub(crate) struct Slots {
    slab: Slab<Waiting>,
    batches: Batches,
    /// The last calls that have ended without an answer that names them.
    unanswered: Mutex<VecDeque<u64>>,
    /// For each group of slots, no call in it has an earlier alarm.
    earliest: [OnceLock<Box<[AtomicU64]>>; PAGES],
}

struct Waiting {
    alarm: u64,
    /// Where the call went.
    subject: Subject,
    waker: Option<Waker>,
    mail: Mail,
    /// Takes the frames of a stream.
    flow: Option<Arc<Flow>>,
    /// Its owner has gone, and the slot waits for what is to be done about the call.
    abandoned: bool,
    /// The BATCH that it went in, if it did, with others.
    batch: Option<NonZeroU64>,
    /// Somebody has said by its token that the call is there.
    answered: bool,
}

/// Whom a delivery reached.
pub(crate) enum Reached {
    Owner,
    /// The call was given up; here is what came for it, and where it had gone.
    Abandoned(Subject, Delivery),
    /// Nobody waits under this token any more, or ever did.
    Nobody(Delivery),
}

impl Slots {
    pub(crate) fn new() -> Self {
        let (unanswered, earliest) = (Mutex::default(), [const { OnceLock::new() }; PAGES]);
        Self { slab: Slab::new(), batches: Batches::new(), unanswered, earliest }
    }

    /// How many calls are waiting, those that were given up included.
    pub(crate) fn live(&self) -> usize {
        self.slab.live()
    }

    /// Takes a slot for a call that went to `subject`. `None`: all 16 million are taken.
    pub(crate) fn open(&self, subject: Subject, alarm: u64) -> Option<u64> {
        let (waker, mail, flow, batch) = (None, Mail::Empty, None, None);
        let waiting = Waiting { alarm, subject, waker, mail, flow, abandoned: false, batch, answered: false };
        let token = self.slab.open(waiting)?;
        self.bound(token, alarm);
        Some(token)
    }

    /// Gives the slot back; what it still holds is dropped.
    pub(crate) fn close(&self, token: u64) {
        let Some(Waiting { batch, answered, .. }) = self.slab.close(token) else { return };
        if let Some(batch) = batch {
            self.batches.leave(batch.get());
        }
        if !answered {
            let mut unanswered = lock(&self.unanswered);
            if unanswered.len() == UNANSWERED {
                unanswered.pop_front();
            }
            unanswered.push_back(token);
        }
    }

    /// These calls go in one BATCH, whose own token is returned.
    pub(crate) fn open_batch(&self, calls: Vec<u64>) -> u64 {
        self.batches.open(calls, |call, batch| {
            self.slab.with(call, |waiting| waiting.batch = NonZeroU64::new(batch)).is_some()
        })
    }

    /// The calls of a BATCH.
    pub(crate) fn batch(&self, token: u64) -> Option<Vec<u64>> {
        self.batches.calls(token)
    }

    /// Which of these calls is meant by what names none of them, if it can be only one: all others were answered.
    pub(crate) fn only_one_of(&self, mut calls: Vec<u64>) -> Option<u64> {
        let is_open = |call: &u64| {
            let waits = self.slab.with(*call, |waiting| !waiting.answered);
            waits.unwrap_or_else(|| lock(&self.unanswered).contains(call))
        };
        calls.retain(is_open);
        if let [call] = calls[..] { Some(call) } else { None }
    }

    /// Sets the alarm anew.
    pub(crate) fn set_alarm(&self, token: u64, alarm: u64) {
        self.slab.with(token, |waiting| waiting.alarm = alarm);
        self.bound(token, alarm);
    }

    /// From now on frames of a stream go to `flow`, with those that have come already.
    pub(crate) fn attach(&self, token: u64, flow: &Arc<Flow>) {
        self.slab.with(token, |waiting| {
            waiting.flow = Some(Arc::clone(flow));
            for delivery in mem::take(&mut waiting.mail) {
                if !delivery.is_taken_by(flow) {
                    waiting.mail.push(delivery);
                }
            }
        });
    }

    /// Lets the slot wait without its owner, until `alarm` at the latest. Returns what nobody has read yet.
    pub(crate) fn abandon(&self, token: u64, alarm: u64) -> Option<(Subject, Mail)> {
        let left = self.slab.with(token, |waiting| {
            waiting.abandoned = true;
            waiting.alarm = alarm;
            waiting.waker = None;
            waiting.flow = None;
            (waiting.subject.clone(), mem::take(&mut waiting.mail))
        });
        self.bound(token, alarm);
        left
    }

    /// The next delivery of a slot. The caller holds the slot.
    pub(crate) fn poll(&self, token: u64, cx: &mut Context<'_>) -> Poll<Delivery> {
        let polled = self.slab.with(token, |waiting| {
            if let Some(delivery) = waiting.mail.next() {
                return Poll::Ready(delivery);
            }
            match &mut waiting.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                waker => *waker = Some(cx.waker().clone()),
            }
            Poll::Pending
        });
        polled.unwrap_or(Poll::Ready(Delivery::Disconnected))
    }

    /// Hands a delivery to the slot's owner.
    pub(crate) fn deliver(&self, token: u64, delivery: Delivery) -> Reached {
        self.reach(token, delivery, |_| {})
    }

    /// The same for what says by its token that it is for this call, so that the BATCH it went in was taken.
    pub(crate) fn deliver_item(&self, token: u64, delivery: Delivery) -> Reached {
        self.reach(token, delivery, |waiting| {
            waiting.answered = true;
            if let Some(batch) = waiting.batch.take() {
                self.batches.answered(batch.get());
            }
        })
    }

    fn reach(&self, token: u64, delivery: Delivery, first: impl FnOnce(&mut Waiting)) -> Reached {
        let mut delivery = Some(delivery);
        let reached = self.slab.with(token, |waiting| {
            first(waiting);
            if waiting.abandoned {
                return Err(waiting.subject.clone());
            }
            Ok(delivery.take().and_then(|delivery| waiting.take(delivery)))
        });
        match (reached, delivery) {
            (Some(Err(subject)), Some(delivery)) => Reached::Abandoned(subject, delivery),
            (None, Some(delivery)) => Reached::Nobody(delivery),
            (reached, _) => {
                reached.and_then(Result::ok).flatten().into_iter().for_each(Waker::wake);
                Reached::Owner
            }
        }
    }

    /// Hands the delivery that `make` makes to the waiting calls that it makes one for. Those that were given up end.
    pub(crate) fn deliver_where(&self, make: impl Fn(&Subject) -> Option<Delivery>) {
        for number in self.slab.numbers() {
            let told = self.slab.with_number(number, |token, waiting| {
                let delivery = make(&waiting.subject)?;
                Some(waiting.tell(token, delivery))
            });
            self.finish(told.flatten());
        }
    }

    /// Rings the alarms that are not after `now`, and says when the next may be.
    pub(crate) fn ring(&self, now: u64) -> u64 {
        let mut next = NEVER;
        let used = self.slab.numbers().end;
        for first in (0..used).step_by(GROUP) {
            let Some(earliest) = self.earliest_of(first) else { continue };
            if earliest.load(Ordering::SeqCst) <= now {
                // First forget, then look: a call that comes in between lowers the bound again.
                earliest.store(NEVER, Ordering::SeqCst);
                earliest.fetch_min(self.ring_group(first, now), Ordering::SeqCst);
            }
            next = next.min(earliest.load(Ordering::SeqCst));
        }
        next
    }

    /// Rings what is due and returns the earliest alarm of the others.
    fn ring_group(&self, first: u32, now: u64) -> u64 {
        let mut earliest = NEVER;
        for number in (first..).take(GROUP) {
            let told = self.slab.with_number(number, |token, waiting| {
                if waiting.alarm > now {
                    earliest = earliest.min(waiting.alarm);
                    return None;
                }
                waiting.alarm = NEVER;
                Some(waiting.tell(token, Delivery::Alarm))
            });
            self.finish(told.flatten());
        }
        earliest
    }

    fn finish(&self, told: Option<Told>) {
        match told {
            Some(Told::Owner(waker)) => waker.into_iter().for_each(Waker::wake),
            Some(Told::NoOwner(token)) => self.close(token),
            None => {}
        }
    }

    fn bound(&self, token: u64, alarm: u64) {
        if alarm != NEVER {
            let (page, index) = locate(token::slot(token));
            let groups = self.earliest[page]
                .get_or_init(|| (0..page_len(page) / GROUP).map(|_| AtomicU64::new(NEVER)).collect());
            groups[index / GROUP].fetch_min(alarm, Ordering::SeqCst);
        }
    }

    fn earliest_of(&self, number: u32) -> Option<&AtomicU64> {
        let (page, index) = locate(number);
        self.earliest[page].get()?.get(index / GROUP)
    }
}

/// Who has to be told once the slot is no longer locked.
enum Told {
    Owner(Option<Waker>),
    NoOwner(u64),
}

impl Waiting {
    fn tell(&mut self, token: u64, delivery: Delivery) -> Told {
        if self.abandoned {
            return Told::NoOwner(token);
        }
        Told::Owner(self.take(delivery))
    }

    /// Returns whom to wake.
    fn take(&mut self, delivery: Delivery) -> Option<Waker> {
        if let Some(flow) = &self.flow {
            if delivery.is_taken_by(flow) {
                return None;
            }
            if delivery.is_final() {
                flow.stop_writing();
            }
        }
        self.mail.push(delivery);
        self.waker.take()
    }
}

/// What has come for a call, in order; hardly ever more than one.
#[derive(Default)]
pub(crate) enum Mail {
    #[default]
    Empty,
    One(Delivery),
    Many(VecDeque<Delivery>),
}

impl Mail {
    fn push(&mut self, delivery: Delivery) {
        *self = match mem::take(self) {
            Self::Empty => Self::One(delivery),
            Self::One(first) => Self::Many(VecDeque::from([first, delivery])),
            Self::Many(mut queue) => {
                // What the connection itself has to say always has room.
                if queue.len() < MAX_MAIL || !matches!(delivery, Delivery::Message { .. }) {
                    queue.push_back(delivery);
                }
                Self::Many(queue)
            }
        };
    }
}

impl Iterator for Mail {
    type Item = Delivery;

    fn next(&mut self) -> Option<Delivery> {
        if let Self::Many(queue) = self {
            return queue.pop_front();
        }
        match mem::take(self) {
            Self::One(delivery) => Some(delivery),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
