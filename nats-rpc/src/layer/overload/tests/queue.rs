use std::time::Duration;

use tokio::time::Instant;

use crate::layer::overload::line::Discipline;
use crate::layer::overload::queue::Queue;

const DISCIPLINE: Discipline =
    Discipline { target: Duration::from_millis(5), interval: Duration::from_millis(100) };

struct Scene {
    queue: Queue<&'static str>,
    start: Instant,
}

impl Scene {
    fn new() -> Self {
        Self { queue: Queue::new(DISCIPLINE), start: Instant::now() }
    }

    fn at(&self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }

    fn push(&mut self, name: &'static str, ms: u64) {
        self.queue.push(name.starts_with("critical"), None, self.at(ms), name);
    }

    fn pop(&mut self, ms: u64) -> Option<&'static str> {
        let (now, mut overdue) = (self.at(ms), Vec::new());
        let next = self.queue.pop(now, &mut overdue, |_| true);
        assert!(overdue.is_empty());
        next
    }
}

#[test]
fn who_came_first_is_first_until_the_queue_stands() {
    let mut scene = Scene::new();
    for (name, ms) in [("a", 0), ("b", 1), ("c", 2), ("d", 95)] {
        scene.push(name, ms);
    }
    assert_eq!(scene.pop(99), Some("a"));
    assert_eq!(scene.pop(99), Some("b"));
    assert_eq!(scene.pop(100), Some("d"));
    assert_eq!(scene.pop(100), Some("c"));
    assert_eq!(scene.pop(100), None);
}

#[test]
fn a_queue_that_empties_does_not_stand() {
    let mut scene = Scene::new();
    scene.push("a", 0);
    assert_eq!(scene.pop(60), Some("a"));
    scene.push("b", 60);
    scene.push("c", 61);
    assert_eq!(scene.pop(159), Some("b"));
    assert_eq!(scene.pop(160), Some("c"));
}

#[test]
fn a_line_that_nobody_is_in_for_long_does_not_stand_any_more() {
    let mut scene = Scene::new();
    for ms in [0, 99] {
        scene.push("a", ms);
    }
    assert_eq!(scene.queue.take_overdue(scene.at(104)).len(), 2);
    scene.push("b", 203);
    assert_eq!(scene.queue.take_overdue(scene.at(208)), ["b"]);
    scene.push("c", 308);
    assert_eq!(scene.queue.take_overdue(scene.at(407)), [""; 0]);
    assert_eq!(scene.pop(407), Some("c"));
}

#[test]
fn patience_ends_with_the_interval_and_then_with_the_target() {
    let mut scene = Scene::new();
    for (name, ms) in [("a", 0), ("b", 94), ("c", 96), ("critical", 90)] {
        scene.push(name, ms);
    }
    let patience = |scene: &mut Scene, critical, ms| {
        let now = scene.at(ms);
        scene.queue.patience(critical, now)
    };
    assert_eq!(patience(&mut scene, false, 99), DISCIPLINE.interval);
    assert_eq!(scene.queue.take_overdue(scene.at(99)), Vec::<&str>::new());
    assert_eq!(patience(&mut scene, false, 100), DISCIPLINE.target);
    // The critical line is not the one that stands.
    assert_eq!(patience(&mut scene, true, 100), DISCIPLINE.interval);
    assert_eq!(scene.queue.take_overdue(scene.at(100)), ["a", "b"]);
    assert_eq!(scene.queue.take_overdue(scene.at(101)), ["c"]);
    // All had to go: it was not served to its end.
    assert_eq!(patience(&mut scene, false, 200), DISCIPLINE.target);
    assert_eq!(patience(&mut scene, false, 201), DISCIPLINE.interval);
    assert_eq!(scene.queue.take_overdue(scene.at(190)), ["critical"]);
    assert!(scene.queue.is_empty());
}

#[test]
fn critical_calls_go_first_and_where_there_is_no_place_nobody_goes() {
    let mut scene = Scene::new();
    for (name, ms) in [("a", 0), ("critical 1", 1), ("critical 2", 2)] {
        scene.push(name, ms);
    }
    let (now, mut overdue) = (scene.at(3), Vec::new());
    assert_eq!(scene.queue.pop(now, &mut overdue, |_| false), None);
    assert_eq!(scene.pop(3), Some("critical 1"));
    assert_eq!(scene.pop(3), Some("critical 2"));
    assert_eq!(scene.pop(3), Some("a"));
}

#[test]
fn who_is_overtaken_by_its_deadline_is_passed_over() {
    let mut scene = Scene::new();
    let (deadline, now) = (scene.at(20), scene.at(0));
    scene.queue.push(false, Some(deadline), now, "a");
    scene.push("b", 1);
    let (now, mut overdue) = (scene.at(20), Vec::new());
    assert_eq!(scene.queue.pop(now, &mut overdue, |_| true), Some("b"));
    assert_eq!(overdue, ["a"]);
}

#[test]
fn in_a_full_queue_the_more_important_takes_a_place_and_the_newer_when_it_stands() {
    let mut scene = Scene::new();
    for (name, ms) in [("a", 0), ("b", 1), ("critical 1", 20)] {
        scene.push(name, ms);
    }
    assert_eq!(scene.queue.displace(false, scene.at(99)), None);
    assert_eq!(scene.queue.displace(true, scene.at(99)), Some("a"));
    assert_eq!(scene.queue.displace(false, scene.at(100)), Some("b"));
    assert_eq!(scene.queue.displace(false, scene.at(100)), None);
    assert_eq!(scene.queue.displace(true, scene.at(119)), None);
    assert_eq!(scene.queue.displace(true, scene.at(120)), Some("critical 1"));
}

#[test]
fn the_wait_is_that_of_those_ahead() {
    let mut scene = Scene::new();
    for (name, ms) in [("a", 0), ("b", 0), ("critical 1", 0)] {
        scene.push(name, ms);
    }
    for ms in [0, 4, 8] {
        scene.queue.departed(scene.at(ms));
    }
    assert_eq!(scene.queue.drain_time(scene.at(8)).as_millis(), 12);
    let delay = |critical, ms| scene.queue.delay(critical, scene.at(ms)).as_millis();
    assert_eq!((delay(false, 99), delay(true, 99)), (16, 8));
    // Newest first, after critical calls.
    assert_eq!((delay(false, 100), delay(true, 100)), (8, 4));
    // Nobody has left for long.
    assert_eq!(scene.queue.drain_time(scene.at(100)).as_millis(), 92);
}

#[test]
fn who_leaves_the_queue_is_not_served() {
    let mut scene = Scene::new();
    let now = scene.at(0);
    let key = scene.queue.push(false, None, now, "a");
    scene.push("b", 1);
    assert_eq!(scene.queue.remove(key, now), Some("a"));
    assert_eq!(scene.queue.remove(key, now), None);
    assert_eq!(scene.pop(2), Some("b"));
    assert_eq!(scene.queue.remove(key, now), None);
}
