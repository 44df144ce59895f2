use proptest::prelude::*;
use tokio::time::{Duration, Instant};

use super::{Census, Leaving, LeavingState, Member};
use crate::wire::Serves;

fn said(instance: &str, rank: u64, state: LeavingState) -> Leaving<'_> {
    Leaving { instance, rank, state }
}

fn serving(instance: &str) -> Member {
    let mut member = Member::new(instance);
    member.serve();
    member
}

#[test]
fn who_is_outranked_stays() {
    for (rank, instance, leaves) in [(6, "a", false), (4, "z", true), (5, "a", true), (5, "n", false)] {
        let (mut member, now) = (serving("m"), Instant::now());
        assert!(member.bid(5, now));
        assert_eq!(member.answer(), Serves::Leaving);
        assert!(!member.hear(&said(instance, rank, LeavingState::Announced), now));
        assert_eq!(member.leave(), leaves, "{rank} {instance}");
        assert_eq!(member.answer(), if leaves { Serves::No } else { Serves::Yes });
    }
}

#[test]
fn who_hears_of_another_one_first_lets_it_go() {
    let (mut member, now) = (serving("m"), Instant::now());
    member.hear(&said("a", 0, LeavingState::Announced), now);
    assert!(!member.bid(5, now + Duration::from_millis(899)));
    assert_eq!(member.answer(), Serves::Yes);
    assert!(member.bid(5, now + Duration::from_millis(900)));
}

#[test]
fn who_hears_that_one_stops_stays() {
    let (mut member, now) = (serving("m"), Instant::now());
    assert!(member.bid(5, now));
    member.hear(&said("a", 0, LeavingState::Stopping), now);
    assert_eq!((member.answer(), member.leave()), (Serves::Yes, false));
}

#[test]
fn who_is_away_is_remembered() {
    let (mut member, now) = (serving("m"), Instant::now());
    for state in [LeavingState::Returned, LeavingState::Stopping] {
        member.hear(&said("a", 0, LeavingState::Left), now);
        assert!(member.knows_of_absence(now));
        member.hear(&said("a", 0, state), now);
        assert!(!member.knows_of_absence(now));
    }
}

#[test]
fn who_has_announced_may_be_away() {
    let (mut member, now) = (serving("m"), Instant::now());
    assert!(!member.knows_of_absence(now));
    member.hear(&said("a", 0, LeavingState::Announced), now);
    assert!(member.knows_of_absence(now + Duration::from_millis(899)));
    assert!(!member.knows_of_absence(now + Duration::from_millis(900)));
}

#[test]
fn who_is_away_learns_that_the_last_one_stops() {
    let (mut member, now) = (Member::new("m"), Instant::now());
    let mut census = Census::new("m");
    census.add("a", Serves::Yes);
    census.add("b", Serves::Leaving);
    census.add("c", Serves::No);
    member.learn(&census);
    assert!(!member.hear(&said("a", 0, LeavingState::Stopping), now));
    assert!(!member.hear(&said("c", 0, LeavingState::Stopping), now));
    assert!(!member.hear(&said("b", 0, LeavingState::Left), now));
    assert!(member.hear(&said("b", 0, LeavingState::Stopping), now));
    assert!(!member.hear(&said("b", 0, LeavingState::Stopping), now));
}

/// When a member does what, in milliseconds, and what of its messages is lost.
#[derive(Debug, Clone)]
struct Plan {
    announces: u64,
    waits: u64,
    collects: u64,
    rank: u64,
    lost: Vec<bool>,
    late: Vec<u64>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let messages = 16;
    let lost = prop::collection::vec(prop::bool::weighted(0.2), messages);
    let late = prop::collection::vec(0_u64..150, messages);
    (0_u64..1_200, 300_u64..600, 0_u64..300, 0_u64..4, lost, late).prop_map(
        |(announces, waits, collects, rank, lost, late)| Plan {
            announces,
            waits,
            collects,
            rank,
            lost,
            late,
        },
    )
}

/// What happens at a time, in the order of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Announce { who: usize },
    Heard { who: usize, of: usize },
    Ask { who: usize },
    Asked { who: usize, by: usize },
    Answered { who: usize, by: usize, serves: u8 },
    Decide { who: usize },
}

/// All that is under way among some members.
struct Group {
    plans: Vec<Plan>,
    members: Vec<Member>,
    censuses: Vec<Census>,
    events: Vec<(u64, Event)>,
    sent: Vec<usize>,
    start: Instant,
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

impl Group {
    fn new(plans: Vec<Plan>) -> Self {
        let members = NAMES.iter().take(plans.len()).map(|name| serving(name)).collect();
        let censuses = NAMES.iter().take(plans.len()).map(|name| Census::new(name)).collect();
        let events = plans.iter().enumerate().map(|(who, plan)| (plan.announces, Event::Announce { who }));
        let (events, sent) = (events.collect(), vec![0; plans.len()]);
        Self { plans, members, censuses, events, sent, start: Instant::now() }
    }

    /// Sends a message, which may be lost, and may overtake others.
    fn send(&mut self, from: usize, now: u64, event: Event) {
        let message = self.sent[from];
        self.sent[from] += 1;
        if !self.plans[from].lost[message % 16] {
            self.events.push((now + self.plans[from].late[message % 16], event));
        }
    }

    fn run(&mut self) -> usize {
        while let Some(next) = self.events.iter().enumerate().min_by_key(|(_, event)| **event).map(|(n, _)| n)
        {
            let (now, event) = self.events.swap_remove(next);
            self.step(now, event);
            assert!(self.serving() >= 1, "nobody serves after {event:?} at {now}");
        }
        self.serving()
    }

    fn at(&self, now: u64) -> Instant {
        self.start + Duration::from_millis(now)
    }

    fn serving(&self) -> usize {
        self.members.iter().filter(|member| member.answer() != Serves::No).count()
    }

    fn others(&self, who: usize) -> impl Iterator<Item = usize> + use<> {
        (0..self.plans.len()).filter(move |other| *other != who)
    }

    fn step(&mut self, now: u64, event: Event) {
        match event {
            Event::Announce { who } => {
                let at = self.at(now);
                if !self.members[who].bid(self.plans[who].rank, at) {
                    return;
                }
                for other in self.others(who) {
                    self.send(who, now, Event::Heard { who: other, of: who });
                }
                self.events.push((now + self.plans[who].waits, Event::Ask { who }));
            }
            Event::Heard { who, of } => {
                let announced = said(NAMES[of], self.plans[of].rank, LeavingState::Announced);
                let at = self.at(now);
                self.members[who].hear(&announced, at);
            }
            Event::Ask { who } => {
                let own = self.members[who].answer();
                self.censuses[who].add(NAMES[who], own);
                for other in self.others(who) {
                    self.send(who, now, Event::Asked { who: other, by: who });
                }
                self.events.push((now + self.plans[who].collects, Event::Decide { who }));
            }
            Event::Asked { who, by } => {
                let serves = self.members[who].answer() as u8;
                self.send(who, now, Event::Answered { who: by, by: who, serves });
            }
            Event::Answered { who, by, serves } => {
                self.censuses[who].add(NAMES[by], Serves::from_number(serves.into()));
            }
            Event::Decide { who } => {
                if !self.censuses[who].lets_go() || !self.members[who].leave() {
                    self.members[who].serve();
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    /// Whatever is lost, late or overtaken.
    #[test]
    fn no_group_is_ever_emptied(plans in prop::collection::vec(plan(), 2..=4)) {
        Group::new(plans).run();
    }

    /// When nothing is lost, as many leave as may.
    #[test]
    fn one_of_those_that_trip_together_leaves(mut plans in prop::collection::vec(plan(), 2..=4)) {
        for plan in &mut plans {
            (plan.announces, plan.collects) = (plan.announces % 300, 249);
            plan.lost.fill(false);
            plan.late.iter_mut().for_each(|late| *late %= 100);
        }
        let count = plans.len();
        let serving = Group::new(plans).run();
        prop_assert_eq!(serving, count - 1);
    }
}

/// That it would be noticed: here both believe that the other one stays.
#[test]
#[should_panic(expected = "nobody serves")]
fn an_empty_group_is_noticed() {
    let lost = vec![true; 16];
    let one = Plan { announces: 0, waits: 300, collects: 299, rank: 1, lost, late: vec![0; 16] };
    let mut group = Group::new(vec![one.clone(), one]);
    for census in &mut group.censuses {
        ["a", "b"].iter().for_each(|name| census.add(name, Serves::Yes));
    }
    group.run();
}
