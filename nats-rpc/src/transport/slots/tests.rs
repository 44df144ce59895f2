use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{Delivery, NEVER, Reached, Slots};
use crate::subject::Subject;

const SUBJECT: Subject = Subject::from_static("svc.a.B.Ask");

struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn open(slots: &Slots, alarm: u64) -> u64 {
    slots.open(SUBJECT, alarm).unwrap()
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

fn poll(slots: &Slots, token: u64) -> Poll<String> {
    slots.poll(token, &mut Context::from_waker(Waker::noop())).map(text)
}

#[test]
fn a_delivery_reaches_its_owner_and_wakes_it_once() {
    let slots = Slots::new();
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let (a, b) = (open(&slots, NEVER), open(&slots, NEVER));
    assert!(slots.poll(a, &mut Context::from_waker(&waker)).is_pending());
    assert!(matches!(slots.deliver(b, message("b")), Reached::Owner));
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
    for text in ["a1", "a2", "a3"] {
        assert!(matches!(slots.deliver(a, message(text)), Reached::Owner));
    }
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    for expected in ["a1", "a2", "a3"] {
        assert_eq!(poll(&slots, a), Poll::Ready(expected.to_owned()));
    }
    assert!(poll(&slots, a).is_pending());
}

#[test]
fn a_late_answer_reaches_nobody_although_the_slot_is_used_again() {
    let slots = Slots::new();
    let first = open(&slots, NEVER);
    slots.close(first);
    let second = open(&slots, NEVER);
    assert!(matches!(slots.deliver(first, message("late")), Reached::Nobody(_)));
    assert!(poll(&slots, second).is_pending());
    assert_eq!(slots.live(), 1);
    slots.close(first);
    assert_eq!(slots.live(), 1);
}

#[test]
fn alarms_ring_once_and_the_next_is_known() {
    let slots = Slots::new();
    let early = open(&slots, 100);
    let late: Vec<_> = (0..200).map(|n| open(&slots, 1000 + n)).collect();
    let never = open(&slots, NEVER);
    assert_eq!(slots.ring(99), 100);
    assert_eq!(slots.ring(100), 1000);
    assert_eq!(poll(&slots, early), Poll::Ready("Alarm".to_owned()));
    assert!(poll(&slots, early).is_pending());
    slots.set_alarm(early, 500);
    assert_eq!(slots.ring(499), 500);
    assert_eq!(slots.ring(500), 1000);
    assert_eq!(poll(&slots, early), Poll::Ready("Alarm".to_owned()));
    for token in &late[..100] {
        slots.close(*token);
    }
    assert_eq!(slots.ring(1099), 1100);
    assert_eq!(slots.ring(5000), NEVER);
    assert_eq!(poll(&slots, late[150]), Poll::Ready("Alarm".to_owned()));
    assert!(poll(&slots, never).is_pending());
}

#[test]
fn a_call_that_was_given_up_hands_on_what_comes_and_ends_with_its_alarm() {
    let slots = Slots::new();
    let (given_up, other) = (open(&slots, NEVER), open(&slots, NEVER));
    slots.deliver(given_up, message("unread"));
    let (subject, unread) = slots.abandon(given_up, 50).unwrap();
    assert_eq!((subject, unread.map(text).collect()), (SUBJECT, vec!["unread".to_owned()]));
    let Reached::Abandoned(subject, delivery) = slots.deliver(given_up, message("late")) else { panic!() };
    assert_eq!((subject, text(delivery)), (SUBJECT, "late".to_owned()));
    assert_eq!((slots.live(), slots.ring(50), slots.live()), (2, NEVER, 1));
    assert!(poll(&slots, other).is_pending());
}

#[test]
fn the_end_of_the_connection_reaches_every_waiting_call() {
    let slots = Slots::new();
    let tokens: Vec<_> = (0..1000).map(|_| open(&slots, NEVER)).collect();
    slots.abandon(open(&slots, NEVER), NEVER);
    slots.deliver_where(|_| Some(Delivery::Disconnected));
    assert_eq!(slots.live(), 1000);
    for token in tokens {
        assert_eq!(poll(&slots, token), Poll::Ready("Disconnected".to_owned()));
        slots.close(token);
    }
    assert_eq!(slots.live(), 0);
}

#[test]
fn a_denial_reaches_only_the_calls_to_its_subject() {
    let slots = Slots::new();
    let (denied, other) = (open(&slots, NEVER), slots.open(Subject::from_static("x"), NEVER).unwrap());
    slots.deliver_where(|subject| (*subject == SUBJECT).then_some(Delivery::Denied));
    assert_eq!(poll(&slots, denied), Poll::Ready("Denied".to_owned()));
    assert!(poll(&slots, other).is_pending());
}

#[test]
fn a_batch_is_over_with_the_first_item_that_is_answered() {
    let slots = Slots::new();
    let calls = [(); 3].map(|()| open(&slots, NEVER));
    let batch = slots.open_batch(calls.to_vec());
    // What is said of the whole, or by somebody who has not taken it, is no answer.
    calls.iter().for_each(|call| drop(slots.deliver(*call, message("of the whole"))));
    assert_eq!(slots.batch(batch), Some(calls.to_vec()));
    slots.deliver_item(calls[1], message("an answer"));
    assert_eq!(slots.batch(batch), None);
}

#[test]
fn what_names_no_call_is_of_the_only_one_that_was_not_answered() {
    let slots = Slots::new();
    let calls = [(); 3].map(|()| open(&slots, NEVER));
    let [answered, ended, open] = calls;
    let only = |slots: &Slots| slots.only_one_of(calls.to_vec());
    slots.deliver_item(answered, message("an answer"));
    assert_eq!(only(&slots), None);
    slots.deliver_item(ended, message("an answer"));
    slots.close(ended);
    assert_eq!(only(&slots), Some(open));
    // One that has ended without an answer may still be meant.
    let given_up = slots.open(SUBJECT, NEVER).unwrap();
    slots.close(given_up);
    assert_eq!(slots.only_one_of(vec![open, given_up]), None);
    slots.close(open);
    assert_eq!(only(&slots), Some(open), "whom it does not reach any more");
}
