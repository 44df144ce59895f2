use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use super::lock;
use crate::wire::token;

/// Slots are numbered with 24 bits of a token.
pub(super) const MAX_SLOTS: usize = 1 << token::SLOT_BITS;
/// The first four pages have so many slots each, the next four twice as many, and so on: slots never move and need no
/// lock to be found, and at most a fifth of them has never been used.
pub(super) const FIRST_PAGE: usize = 16;
const ALIKE: usize = 4;
pub(super) const PAGES: usize = ALIKE * (MAX_SLOTS / (ALIKE * FIRST_PAGE)).ilog2() as usize;

/// Values under tokens, each behind a lock of its own.
///
/// A token is a slot's number (24 bits) and a nonce (40 bits) that is new for each use, so that neither who comes
/// late nor who guesses reaches another value.
pub(crate) struct Slab<T> {
    pages: [OnceLock<Page<T>>; PAGES],
    free: Mutex<FreeList>,
    live: AtomicUsize,
}

type Page<T> = Box<[Mutex<Slot<T>>]>;

struct Slot<T> {
    token: u64,
    value: Option<T>,
}

#[derive(Default)]
struct FreeList {
    numbers: Vec<u32>,
    used: u32,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Self {
        Self {
            pages: [const { OnceLock::new() }; PAGES],
            free: Mutex::new(FreeList::default()),
            live: AtomicUsize::new(0),
        }
    }

    /// How many values there are.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Takes a slot. `None`: all 16 million are taken.
    pub(crate) fn open(&self, value: T) -> Option<u64> {
        let number = {
            let mut free = lock(&self.free);
            match free.numbers.pop() {
                Some(number) => number,
                None if (free.used as usize) < MAX_SLOTS - ALIKE * FIRST_PAGE => {
                    free.used += 1;
                    free.used - 1
                }
                None => return None,
            }
        };
        let token = token::random(number);
        let (page, index) = locate(number);
        let page = self.pages[page].get_or_init(|| {
            let unused = || Mutex::new(Slot { token: 0, value: None });
            std::iter::repeat_with(unused).take(page_len(page)).collect()
        });
        let mut slot = lock(&page[index]);
        (slot.token, slot.value) = (token, Some(value));
        drop(slot);
        self.live.fetch_add(1, Ordering::Relaxed);
        Some(token)
    }

    /// Gives the slot back.
    pub(crate) fn close(&self, token: u64) -> Option<T> {
        let value = {
            let mut slot = lock(self.slot(token::slot(token))?);
            if slot.token != token {
                return None;
            }
            slot.value.take()?
        };
        self.live.fetch_sub(1, Ordering::Relaxed);
        lock(&self.free).numbers.push(token::slot(token));
        Some(value)
    }

    /// Works on a value, under its lock.
    pub(crate) fn with<R>(&self, token: u64, work: impl FnOnce(&mut T) -> R) -> Option<R> {
        let mut slot = lock(self.slot(token::slot(token))?);
        let Slot { token: own, value } = &mut *slot;
        value.as_mut().filter(|_| *own == token).map(work)
    }

    /// Works on the value in the slot of this number, if there is one.
    pub(crate) fn with_number<R>(&self, number: u32, work: impl FnOnce(u64, &mut T) -> R) -> Option<R> {
        let mut slot = lock(self.slot(number)?);
        let token = slot.token;
        slot.value.as_mut().map(|value| work(token, value))
    }

    /// The numbers that have been in use; what is behind them may come and go.
    pub(crate) fn numbers(&self) -> std::ops::Range<u32> {
        0..lock(&self.free).used
    }

    fn slot(&self, number: u32) -> Option<&Mutex<Slot<T>>> {
        let (page, index) = locate(number);
        self.pages.get(page)?.get()?.get(index)
    }
}

/// Page and index within it.
pub(super) fn locate(number: u32) -> (usize, usize) {
    let position = number as usize + ALIKE * FIRST_PAGE;
    let doubled = (position / (ALIKE * FIRST_PAGE)).ilog2() as usize;
    let (offset, page_len) = (position - ((ALIKE * FIRST_PAGE) << doubled), FIRST_PAGE << doubled);
    (ALIKE * doubled + offset / page_len, offset % page_len)
}

/// How many slots a page has.
pub(super) const fn page_len(page: usize) -> usize {
    FIRST_PAGE << (page / ALIKE)
}

#[cfg(test)]
mod tests {
    use super::{MAX_SLOTS, PAGES, Slab, locate, page_len, token};

    #[test]
    fn every_number_has_a_place_of_its_own() {
        let mut expected = (0, 0);
        for number in 0..200_000 {
            assert_eq!(locate(number), expected, "{number}");
            expected.1 += 1;
            if expected.1 == page_len(expected.0) {
                expected = (expected.0 + 1, 0);
            }
        }
        assert_eq!(locate((MAX_SLOTS - 64 - 1) as u32), (PAGES - 1, page_len(PAGES - 1) - 1));
    }

    #[test]
    fn a_slot_is_used_again_under_another_token() {
        let slab = Slab::new();
        let first = slab.open("first").unwrap();
        assert_eq!(slab.close(first), Some("first"));
        assert_eq!(slab.close(first), None);
        let second = slab.open("second").unwrap();
        assert_eq!(token::slot(first), token::slot(second));
        assert_ne!(first, second);
        assert_eq!(slab.with(first, |value| *value), None);
        assert_eq!(slab.close(first), None);
        assert_eq!((slab.with(second, |value| *value), slab.live()), (Some("second"), 1));
    }

    #[test]
    fn what_never_was_is_not_found() {
        let slab = Slab::new();
        slab.open(()).unwrap();
        for token in [0, 1, u64::MAX, 5 << 24] {
            assert_eq!(slab.with(token, |()| ()), None);
            assert_eq!(slab.close(token), None);
        }
    }
}
