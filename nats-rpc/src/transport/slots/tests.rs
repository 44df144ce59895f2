use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{Delivery, MAX_SLOTS, NEVER, PAGES, Slots, locate, number_of};

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn message(text: &'static str) -> Delivery {
    Delivery::Message { headers: None, payload: text.into() }
}

fn text(delivery: Delivery) -> String {
    match delivery {
        Delivery::Message { payload, .. } => String::from_utf8(payload.to_vec()).unwrap(),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_number_has_a_place_of_its_own() {
    let mut expected = (0, 0);
    for number in 0..200_000 {
        assert_eq!(locate(number), expected, "{number}");
        expected.1 += 1;
        if expected.1 == 64 << expected.0 {
            expected = (expected.0 + 1, 0);
        }
    }
    assert_eq!(locate((MAX_SLOTS - 64 - 1) as u32).0, PAGES - 1);
}

#[test]
fn a_delivery_reaches_its_owner_and_wakes_it_once() {
    let slots = Slots::new();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let mut cx = Context::from_waker(&waker);
    let (a, b) = (slots.open(NEVER).unwrap(), slots.open(NEVER).unwrap());
    assert!(slots.poll(a, &mut cx).is_pending());
    assert!(slots.deliver(b, message("b")));
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    assert!(slots.deliver(a, message("a1")));
    assert!(slots.deliver(a, message("a2")));
    assert!(slots.deliver(a, message("a3")));
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    for expected in ["a1", "a2", "a3"] {
        let Poll::Ready(delivery) = slots.poll(a, &mut cx) else { panic!("{expected} is missing") };
        assert_eq!(text(delivery), expected);
    }
    assert!(slots.poll(a, &mut cx).is_pending());
}

#[test]
fn a_late_answer_reaches_nobody_although_the_slot_is_used_again() {
    let slots = Slots::new();
    let first = slots.open(NEVER).unwrap();
    slots.close(first);
    let second = slots.open(NEVER).unwrap();
    assert_eq!(number_of(first), number_of(second));
    assert_ne!(first, second);
    assert!(!slots.deliver(first, message("late")));
    let waker = Waker::noop();
    assert!(slots.poll(second, &mut Context::from_waker(waker)).is_pending());
    assert_eq!(slots.live(), 1);
    slots.close(first);
    assert_eq!(slots.live(), 1);
}

#[test]
fn what_never_was_is_not_found() {
    let slots = Slots::new();
    for token in [0, 1, u64::MAX, 5 << 24] {
        assert!(!slots.deliver(token, message("forged")));
    }
}

#[test]
fn deadlines_expire_once_and_the_next_is_known() {
    let slots = Slots::new();
    let waker = Waker::noop();
    let mut cx = Context::from_waker(waker);
    let early = slots.open(100).unwrap();
    let late: Vec<_> = (0..200).map(|n| slots.open(1000 + n).unwrap()).collect();
    let never = slots.open(NEVER).unwrap();
    assert_eq!(slots.expire(99), 100);
    assert_eq!(slots.expire(100), 1000);
    assert!(matches!(slots.poll(early, &mut cx), Poll::Ready(Delivery::Expired)));
    assert!(slots.poll(early, &mut cx).is_pending());
    for token in &late[..100] {
        slots.close(*token);
    }
    assert_eq!(slots.expire(1099), 1100);
    assert_eq!(slots.expire(5000), NEVER);
    assert!(matches!(slots.poll(late[150], &mut cx), Poll::Ready(Delivery::Expired)));
    assert!(slots.poll(never, &mut cx).is_pending());
}

#[test]
fn the_end_of_the_connection_reaches_every_waiting_call() {
    let slots = Slots::new();
    let tokens: Vec<_> = (0..1000).map(|_| slots.open(NEVER).unwrap()).collect();
    slots.deliver_all(|| Delivery::Disconnected);
    let waker = Waker::noop();
    for token in tokens {
        let delivery = slots.poll(token, &mut Context::from_waker(waker));
        assert!(matches!(delivery, Poll::Ready(Delivery::Disconnected)));
        slots.close(token);
    }
    assert_eq!(slots.live(), 0);
}
