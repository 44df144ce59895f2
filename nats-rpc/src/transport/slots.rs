use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll, Waker};

use super::{Delivery, lock};

/// Slots are numbered with 24 bits of a token.
const MAX_SLOTS: usize = 1 << 24;
/// Page `n` has `64 << n` slots, so that slots never move and need no lock to be found.
const FIRST_PAGE: usize = 64;
const PAGES: usize = (MAX_SLOTS / FIRST_PAGE).ilog2() as usize;
/// So many slots share one bound on their deadlines.
const GROUP: usize = 64;

/// No deadline.
pub(crate) const NEVER: u64 = u64::MAX;

/// The calls of a connection that wait for an answer: a slab whose slots are locked one by one.
///
/// A token is a slot's number (24 bits) and a nonce (40 bits) that is new for each use, so that neither a late
/// answer nor a peer that guesses reaches another call. Deadlines are kept here too, as coarse bounds over groups
/// of slots, so that a call needs no timer of its own.
pub(crate) struct Slots {
    pages: [OnceLock<Page>; PAGES],
    free: Mutex<FreeList>,
    live: AtomicUsize,
}

struct Page {
    slots: Box<[Mutex<Slot>]>,
    /// For each group, no live slot of it has an earlier deadline.
    earliest: Box<[AtomicU64]>,
}

#[derive(Default)]
struct FreeList {
    numbers: Vec<u32>,
    used: u32,
}

#[derive(Default)]
struct Slot {
    /// 0 when vacant.
    token: u64,
    deadline: u64,
    waker: Option<Waker>,
    mail: Mail,
}

#[derive(Default)]
enum Mail {
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
                queue.push_back(delivery);
                Self::Many(queue)
            }
        };
    }

    fn pop(&mut self) -> Option<Delivery> {
        match self {
            Self::Empty => None,
            Self::One(_) => match mem::take(self) {
                Self::One(delivery) => Some(delivery),
                _ => None,
            },
            Self::Many(queue) => queue.pop_front(),
        }
    }
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self {
            pages: [const { OnceLock::new() }; PAGES],
            free: Mutex::new(FreeList::default()),
            live: AtomicUsize::new(0),
        }
    }

    /// How many calls are waiting.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Takes a slot for a call that expires at `deadline`, in ticks of the owner's clock. `None`: all 16 million
    /// are taken.
    pub(crate) fn open(&self, deadline: u64) -> Option<u64> {
        let number = {
            let mut free = lock(&self.free);
            match free.numbers.pop() {
                Some(number) => number,
                None if (free.used as usize) < MAX_SLOTS - FIRST_PAGE => {
                    free.used += 1;
                    free.used - 1
                }
                None => return None,
            }
        };
        let token = loop {
            let nonce = rand::random::<u64>() << 24;
            if nonce != 0 {
                break nonce | u64::from(number);
            }
        };
        let (page, index) = locate(number);
        let page = self.pages[page].get_or_init(|| Page::new(FIRST_PAGE << page));
        {
            let mut slot = lock(&page.slots[index]);
            slot.token = token;
            slot.deadline = deadline;
        }
        if deadline != NEVER {
            page.earliest[index / GROUP].fetch_min(deadline, Ordering::SeqCst);
        }
        self.live.fetch_add(1, Ordering::Relaxed);
        Some(token)
    }

    /// Gives the slot back; what it still holds is dropped.
    pub(crate) fn close(&self, token: u64) {
        let Some(mut slot) = self.find(token) else { return };
        let abandoned = mem::take(&mut *slot);
        drop(slot);
        drop(abandoned);
        self.live.fetch_sub(1, Ordering::Relaxed);
        lock(&self.free).numbers.push(number_of(token));
    }

    /// The next delivery of a slot. The caller holds the slot.
    pub(crate) fn poll(&self, token: u64, cx: &mut Context<'_>) -> Poll<Delivery> {
        let Some(mut slot) = self.find(token) else { return Poll::Ready(Delivery::Disconnected) };
        if let Some(delivery) = slot.mail.pop() {
            return Poll::Ready(delivery);
        }
        match &mut slot.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Hands a delivery to the slot's owner. `false`: nobody waits under this token any more, or ever did.
    pub(crate) fn deliver(&self, token: u64, delivery: Delivery) -> bool {
        let Some(mut slot) = self.find(token) else { return false };
        slot.mail.push(delivery);
        let waker = slot.waker.take();
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
        true
    }

    /// Hands the delivery that `make` makes to every waiting call.
    pub(crate) fn deliver_all(&self, make: impl Fn() -> Delivery) {
        for slot in self.pages.iter().filter_map(OnceLock::get).flat_map(|page| &page.slots) {
            wake_with(lock(slot), &make);
        }
    }

    /// Expires the calls whose deadline is not after `now` and says when the next may expire.
    pub(crate) fn expire(&self, now: u64) -> u64 {
        let mut next = NEVER;
        for page in self.pages.iter().filter_map(OnceLock::get) {
            for (slots, earliest) in page.slots.chunks(GROUP).zip(&page.earliest) {
                if earliest.load(Ordering::SeqCst) <= now {
                    // First forget, then look: a call that comes in between lowers the bound again.
                    earliest.store(NEVER, Ordering::SeqCst);
                    earliest.fetch_min(expire_group(slots, now), Ordering::SeqCst);
                }
                next = next.min(earliest.load(Ordering::SeqCst));
            }
        }
        next
    }

    fn find(&self, token: u64) -> Option<MutexGuard<'_, Slot>> {
        let (page, index) = locate(number_of(token));
        let slot = lock(self.pages.get(page)?.get()?.slots.get(index)?);
        (slot.token == token && token != 0).then_some(slot)
    }
}

impl Page {
    fn new(len: usize) -> Self {
        Self {
            slots: (0..len).map(|_| Mutex::default()).collect(),
            earliest: (0..len.div_ceil(GROUP)).map(|_| AtomicU64::new(NEVER)).collect(),
        }
    }
}

/// Expires what is due and returns the earliest deadline of the others.
fn expire_group(slots: &[Mutex<Slot>], now: u64) -> u64 {
    let mut earliest = NEVER;
    for slot in slots {
        let mut slot = lock(slot);
        if slot.token == 0 {
            continue;
        }
        if slot.deadline > now {
            earliest = earliest.min(slot.deadline);
        } else {
            slot.deadline = NEVER;
            wake_with(slot, &|| Delivery::Expired);
        }
    }
    earliest
}

fn wake_with(mut slot: MutexGuard<'_, Slot>, make: &impl Fn() -> Delivery) {
    if slot.token == 0 {
        return;
    }
    slot.mail.push(make());
    let waker = slot.waker.take();
    drop(slot);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low 24 bits are the number")]
fn number_of(token: u64) -> u32 {
    token as u32 & (MAX_SLOTS as u32 - 1)
}

/// Page and index within it.
fn locate(number: u32) -> (usize, usize) {
    let position = number as usize + FIRST_PAGE;
    let page = (position / FIRST_PAGE).ilog2() as usize;
    (page, position - (FIRST_PAGE << page))
}

#[cfg(test)]
mod tests;
