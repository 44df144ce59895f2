use std::collections::{HashMap, VecDeque};
use std::mem;

use bytes::BytesMut;

use crate::subject::Subject;
use crate::wire::token;

/// So many calls go between two PINGs, and no method has more places.
const TURN: usize = 256;
/// So many calls are remembered for each place, or more.
const REMEMBERED: usize = 7;

/// Where calls are answered that are alone in their BATCH: at few reply subjects, each for one call after the other.
///
/// A NATS server remembers where 512 subjects lead that a connection publishes to, and 1,024 in all. To look that up for a
/// subject that is new with each call, and to make room for it, was a fifth to a quarter of its time (docs/performance.md).
///
/// Answers name their calls. What the server itself says, that nobody is there to take a call (503), has nothing but the
/// reply subject. But the server says it when it comes to the call, so between the answers to the PINGs before and after
/// that: a PING begins a turn, and in a turn no place has two calls.
pub(super) struct Places {
    /// What reply subjects begin with.
    prefix: Subject,
    places: Vec<Place>,
    methods: HashMap<Subject, Method>,
    /// Turns are counted from 0. This is the last one.
    turn: u64,
    /// How many calls it has.
    calls: usize,
    /// The first that is not over.
    first: u64,
}

struct Place {
    /// Its slot number is the place's index.
    token: u64,
    subject: Subject,
    /// The last calls there, each with its turn.
    calls: VecDeque<(u64, u64)>,
}

/// No service learns where another answers, so each method has places of its own.
#[derive(Default)]
struct Method {
    /// By their indices.
    places: Vec<usize>,
    /// How many have a call in this turn.
    used: usize,
    turn: u64,
}

impl Places {
    pub(super) fn new(prefix: Subject) -> Self {
        Self { prefix, places: Vec::new(), methods: HashMap::new(), turn: 0, calls: 0, first: 0 }
    }

    /// A place for a call to `method`; `None`: not before the next turn.
    pub(super) fn open(&mut self, call: u64, method: &Subject) -> Option<Subject> {
        if self.calls == TURN {
            return None;
        }
        self.calls += 1;
        let Method { places, used, turn } = self.methods.entry(method.clone()).or_default();
        if mem::replace(turn, self.turn) != self.turn {
            *used = 0;
        }
        if *used == places.len() {
            places.push(self.places.len());
            self.places.push(Place::new(self.places.len(), &self.prefix));
        }
        let place = &mut self.places[places[*used]];
        *used += 1;
        place.calls.push_back((self.turn, call));
        while place.calls.len() > REMEMBERED && place.calls[0].0 < self.first {
            place.calls.pop_front();
        }
        Some(place.subject.clone())
    }

    /// A PING is sent.
    pub(super) fn begin_turn(&mut self) {
        self.turn += 1;
        self.calls = 0;
    }

    /// A PING was answered: what the server says from now on is not of calls before it.
    pub(super) fn end_turn(&mut self) {
        // An answer that nobody has asked for ends nothing.
        self.first = self.turn.min(self.first + 1);
    }

    /// Of which call the server says something at this place: the reply subject that it would have by itself.
    pub(super) fn own_subject(&self, place: &Subject) -> Option<Subject> {
        let place = self.place(token::of_subject(place.as_bytes())?)?;
        let (_, call) = place.calls.iter().find(|(turn, _)| *turn == self.first)?;
        Some(subject(&self.prefix, *call))
    }

    /// The last calls at the place with this token.
    pub(super) fn calls(&self, token: u64) -> impl Iterator<Item = u64> {
        self.place(token).into_iter().flat_map(|place| place.calls.iter().map(|(_, call)| *call))
    }

    fn place(&self, token: u64) -> Option<&Place> {
        self.places.get(token::slot(token) as usize).filter(|place| place.token == token)
    }
}

impl Place {
    fn new(index: usize, prefix: &Subject) -> Self {
        let token = token::random(index as u32);
        Self { token, subject: subject(prefix, token), calls: VecDeque::new() }
    }
}

fn subject(prefix: &Subject, token: u64) -> Subject {
    let mut subject = BytesMut::with_capacity(prefix.as_bytes().len() + token::TEXT_LEN);
    subject.extend_from_slice(prefix.as_bytes());
    token::write_hex(token, &mut subject);
    Subject::from_ascii(subject.freeze())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Places, REMEMBERED, TURN};
    use crate::subject::Subject;
    use crate::wire::token;

    const PREFIX: Subject = Subject::from_static("_INBOX.abc.");
    const METHOD: Subject = Subject::from_static("svc.a.B.Ask");
    const OTHER: Subject = Subject::from_static("svc.a.B.Tell");

    fn own(call: u64) -> Option<Subject> {
        Some(Subject::from(format!("_INBOX.abc.{call:016x}")))
    }

    /// The places of calls with these tokens.
    fn open(places: &mut Places, calls: std::ops::Range<u64>, method: &Subject) -> Vec<Subject> {
        calls.map(|call| places.open(call, method).unwrap()).collect()
    }

    #[test]
    fn in_a_turn_each_call_has_a_place_of_its_own() {
        let mut places = Places::new(PREFIX);
        let most = TURN as u64;
        let first = open(&mut places, 0..most - 3, &METHOD);
        let other = open(&mut places, most - 3..most, &OTHER);
        assert_eq!((places.open(most, &METHOD), places.open(most, &OTHER)), (None, None));
        let all: HashSet<_> = first.iter().chain(&other).map(Subject::as_str).collect();
        assert_eq!(all.len(), TURN);
        places.begin_turn();
        assert_eq!(open(&mut places, most..2 * most - 3, &METHOD), first);
        assert_eq!(open(&mut places, 2 * most..2 * most + 3, &OTHER), other);
    }

    #[test]
    fn until_a_ping_is_answered_what_the_server_says_is_of_calls_before_it() {
        let mut places = Places::new(PREFIX);
        let first = open(&mut places, 0..3, &METHOD);
        places.begin_turn();
        assert_eq!(open(&mut places, 3..5, &METHOD), first[..2]);
        places.begin_turn();
        open(&mut places, 5..6, &METHOD);
        let said = |places: &Places| [0, 1, 2].map(|place| places.own_subject(&first[place]));
        assert_eq!(said(&places), [own(0), own(1), own(2)]);
        places.end_turn();
        assert_eq!(said(&places), [own(3), own(4), None]);
        places.end_turn();
        // Nobody has asked for more answers.
        places.end_turn();
        assert_eq!(said(&places), [own(5), None, None]);
        open(&mut places, 6..7, &METHOD);
        assert_eq!(said(&places), [own(5), own(6), None]);
        assert_eq!(places.own_subject(&Subject::from_static("_INBOX.abc.0000000000000005")), None);
    }

    #[test]
    fn the_last_calls_are_remembered_and_all_whose_turn_is_not_over() {
        let mut places = Places::new(PREFIX);
        let remembered = |places: &Places, place: &Subject| {
            places.calls(token::of_subject(place.as_bytes()).unwrap()).collect::<Vec<_>>()
        };
        let most = REMEMBERED as u64;
        let mut place = PREFIX;
        for call in 0..2 * most {
            place = places.open(call, &METHOD).unwrap();
            places.begin_turn();
        }
        assert_eq!(remembered(&places, &place), (0..2 * most).collect::<Vec<_>>());
        assert_eq!(places.own_subject(&place), own(0));
        (0..2 * most).for_each(|_| places.end_turn());
        for call in 2 * most..9 * most {
            places.open(call, &METHOD).unwrap();
            places.begin_turn();
            places.end_turn();
        }
        assert_eq!(remembered(&places, &place), (8 * most..9 * most).collect::<Vec<_>>());
        assert!(remembered(&places, &own(5).unwrap()).is_empty());
    }
}
