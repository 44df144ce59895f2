use bytes::Bytes;

use super::{LONGEST_FRAME, alone, coalesce};
use crate::subject::Subject;
use crate::transport::inbox::Inbox;
use crate::transport::{Address, Outgoing, Sharing};
use crate::wire::batch::{Item, Items};
use crate::wire::{FrameView, Kind, MAX_BATCH_BYTES, NOOP};

const METHOD: Subject = Subject::from_static("svc.a.B.Ask");
const OTHER: Subject = Subject::from_static("svc.a.B.Tell");

fn inbox() -> Inbox {
    Inbox::new("_INBOX", true)
}

fn call(inbox: &Inbox, subject: Subject, most: u8) -> (u64, Outgoing) {
    let token = inbox.open(subject.clone(), None).unwrap();
    (token, Address { subject, sharing: Sharing::Batch { token, most } }.carry(frame(40)))
}

/// To a call of the connection of this name.
fn answer(connection: &str, token: u64) -> Outgoing {
    let subject = Subject::from(format!("_INBOX.{connection}.{token:016x}"));
    Address { subject, sharing: Sharing::Pack(token) }.carry(frame(40))
}

fn frame(length: usize) -> Bytes {
    [&NOOP, &*vec![7; length - NOOP.len()]].concat().into()
}

fn items(kind: Kind, message: &Outgoing) -> Vec<Item> {
    let whole = message.clone().joined().payload;
    assert_eq!(Kind::from_byte(FrameView::split(&whole).unwrap().kind), Some(kind));
    assert_eq!(whole.len(), message.len());
    Items::split(kind, whole).unwrap().collect()
}

fn item(token: u64) -> Item {
    Item { token, frame: frame(40) }
}

fn tokens(kind: Kind, message: &Outgoing) -> Vec<u64> {
    items(kind, message).into_iter().map(|item| item.token).collect()
}

#[test]
fn calls_of_one_method_go_together_as_many_as_may() {
    let inbox = inbox();
    let (asked, mut queue): (Vec<_>, Vec<_>) = (0..20).map(|_| call(&inbox, METHOD, 8)).unzip();
    let (told, other) = call(&inbox, OTHER, 8);
    queue.insert(3, other);
    coalesce(&mut queue, &inbox);
    assert_eq!(queue.len(), 4);
    assert_eq!(tokens(Kind::Batch, &queue[0]), asked[..8]);
    // One of another method, which is alone.
    assert_eq!((&queue[1].subject, items(Kind::Batch, &queue[1])), (&OTHER, vec![item(told)]));
    assert_eq!(tokens(Kind::Batch, &queue[2]), asked[8..16]);
    assert_eq!(tokens(Kind::Batch, &queue[3]), asked[16..]);
    let replies: std::collections::BTreeSet<_> =
        queue.iter().filter_map(|message| message.reply.as_ref()).map(Subject::as_str).collect();
    assert_eq!((replies.len(), &queue[1].reply), (3, &None), "each of several at a subject of its own");
    assert!(replies.iter().all(|reply| inbox.owns(reply)));
}

#[test]
fn the_smallest_limit_holds() {
    let inbox = inbox();
    let mut queue: Vec<_> = [4, 4, 2, 4, 1].map(|most| call(&inbox, METHOD, most).1).into();
    coalesce(&mut queue, &inbox);
    // The third may not go with two others, nor the last with any.
    let together: Vec<_> = queue.iter().map(|message| tokens(Kind::Batch, message).len()).collect();
    assert_eq!(together, [2, 2, 1]);
}

#[test]
fn answers_to_one_connection_go_together_in_their_order() {
    let inbox = inbox();
    let mut queue: Vec<_> = (0..30).map(|n| answer(["a", "b", "c"][n % 3], n as u64)).collect();
    let plain = Outgoing::new(Subject::from_static("_INBOX.a.0000000000000001"), frame(10));
    queue.insert(4, plain);
    coalesce(&mut queue, &inbox);
    assert_eq!(queue.len(), 4);
    for (place, first) in [(0, 0), (1, 1), (2, 2)] {
        assert_eq!(tokens(Kind::Pack, &queue[place]), (first..30).step_by(3).collect::<Vec<_>>());
        assert!(queue[place].subject.as_str().ends_with(&format!("{first:016x}")), "one of their own");
    }
    assert_eq!(queue[3].payload, frame(10));
}

#[test]
fn nothing_goes_that_makes_a_message_too_long() {
    let inbox = inbox();
    let lengths = [6_000; 12].into_iter().chain([LONGEST_FRAME, LONGEST_FRAME + 1, 40]);
    let mut queue: Vec<_> = lengths
        .enumerate()
        .map(|(n, length)| Outgoing { payload: frame(length), ..answer("a", n as u64) })
        .collect();
    coalesce(&mut queue, &inbox);
    let longest = queue.iter().map(|message| message.payload.len()).max().unwrap();
    assert!(longest <= MAX_BATCH_BYTES && longest > MAX_BATCH_BYTES - 6_000);
    let long = queue.iter().position(|message| message.payload == frame(LONGEST_FRAME + 1));
    assert!(long.is_some(), "it goes as it is");
}

#[test]
fn a_body_beside_its_frame_comes_after_it_and_shares_nothing() {
    let inbox = inbox();
    let long = Bytes::from(vec![1; 10_000]);
    let (inline, body) = Outgoing::divide(&long);
    assert!(inline.is_empty());
    let long_answer = Outgoing { body, sharing: Sharing::Packed(5), ..answer("a", 5) };
    let mut queue = vec![answer("a", 1), long_answer, answer("a", 2)];
    coalesce(&mut queue, &inbox);
    assert_eq!((queue.len(), tokens(Kind::Pack, &queue[0])), (2, vec![1, 2]));
    assert_eq!(
        items(Kind::Pack, &queue[1]),
        [Item { token: 5, frame: [&frame(40)[..], &long].concat().into() }]
    );
}

#[test]
fn what_came_in_a_batch_is_answered_in_a_pack_even_alone() {
    let inbox = inbox();
    let mut queue = vec![Outgoing { sharing: Sharing::Packed(5), ..answer("a", 9) }];
    coalesce(&mut queue, &inbox);
    assert_eq!(tokens(Kind::Pack, &queue[0]), [5]);
    // What was not taken and comes again stays as it is.
    coalesce(&mut queue, &inbox);
    assert_eq!(items(Kind::Pack, &queue[0]), [item(5)]);
    let mut long = Outgoing { payload: frame(100_000), sharing: Sharing::Packed(6), ..answer("a", 9) };
    alone(&mut long, &inbox);
    assert_eq!(items(Kind::Pack, &long)[0].frame, frame(100_000));
}

#[test]
fn answers_that_share_nothing_have_packs_of_their_own() {
    let inbox = inbox();
    let single = |token| Outgoing { sharing: Sharing::Alone(Kind::Pack, token), ..answer("a", 9) };
    let mut queue = vec![single(1), answer("a", 2), single(3), answer("a", 4)];
    coalesce(&mut queue, &inbox);
    let shared: Vec<_> = queue.iter().map(|message| tokens(Kind::Pack, message)).collect();
    assert_eq!(shared, [vec![1], vec![2, 4], vec![3]]);
}
