use std::time::Duration;

use tokio::time::Instant;

use super::rules::Rules;
use crate::status::{Code, Pushback, Reason, Status};

/// When a call gets its next attempt: what [gRFC A6] says of hedging, without a clock.
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
#[derive(Debug)]
pub(super) struct Plan {
    rules: Rules,
    /// How long an answer is waited for. `None`: only a failure brings the next attempt.
    delay: Option<Duration>,
    deadline: Option<Instant>,
    /// Attempts that may still be made.
    left: u32,
    next: Option<Instant>,
}

/// What a failed attempt means for its call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// The call fails with it.
    Call,
    /// Only the attempt has failed: others may still succeed.
    Attempt,
}

impl Plan {
    /// For a call whose first attempt is made at the time `now`.
    pub(super) fn new(
        rules: Rules,
        delay: Option<Duration>,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Self {
        let left = rules.spec.max_attempts() - 1;
        let mut plan = Self { rules, delay, deadline, left, next: None };
        plan.wait(now);
        plan
    }

    /// When the next attempt is to be made. `None`: unless another one fails, there is none.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The next attempt is made now. Returns how many there were before.
    pub(super) fn made(&mut self, now: Instant) -> u32 {
        let before = self.rules.spec.max_attempts() - self.left;
        self.left -= 1;
        self.wait(now);
        before
    }

    /// There are no more attempts.
    pub(super) fn stop(&mut self) {
        self.left = 0;
        self.next = None;
    }

    /// An attempt has failed.
    pub(super) fn failed(&mut self, status: &Status, now: Instant) -> Failed {
        let non_fatal = self.rules.spec.non_fatal_codes().contains(status.code());
        if !non_fatal && !self.timed_out(status, now) {
            return Failed::Call;
        }
        match (status.reason(), status.pushback()) {
            // Another attempt would meet the same.
            (Some(Reason::CircuitOpen | Reason::NotConnected | Reason::NoResponders), _)
            | (_, Some(Pushback::Never)) => self.stop(),
            (_, Some(Pushback::After(delay))) => self.at(now.checked_add(delay)),
            (_, None) => self.at(Some(now)),
        }
        Failed::Attempt
    }

    /// Whether it is the time of the attempt that is over, and not that of the call.
    fn timed_out(&self, status: &Status, now: Instant) -> bool {
        status.code() == Code::DeadlineExceeded
            && self.rules.attempt_timeout.is_some()
            && self.deadline.is_none_or(|deadline| now < deadline)
    }

    fn wait(&mut self, now: Instant) {
        self.at(self.delay.and_then(|delay| now.checked_add(delay)));
    }

    fn at(&mut self, next: Option<Instant>) {
        let in_time = |next: &Instant| self.deadline.is_none_or(|deadline| *next < deadline);
        self.next = next.filter(|next| self.left > 0 && in_time(next));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::super::rules::Rules;
    use super::{Failed, Plan};
    use crate::spec::HedgeSpec;
    use crate::status::{Code, Reason, Status};

    const DELAY: Duration = Duration::from_millis(10);

    fn rules(attempts: u32) -> Rules {
        Rules { spec: HedgeSpec::new().with_max_attempts(attempts), attempt_timeout: None }
    }

    fn plan(attempts: u32, now: Instant) -> Plan {
        Plan::new(rules(attempts), Some(DELAY), now, None)
    }

    #[test]
    fn attempts_are_a_delay_apart_until_there_are_enough() {
        let start = Instant::now();
        let mut plan = plan(3, start);
        assert_eq!(plan.next(), Some(start + DELAY));
        assert_eq!(plan.made(start + DELAY), 1);
        assert_eq!(plan.next(), Some(start + 2 * DELAY));
        assert_eq!(plan.made(start + 2 * DELAY), 2);
        assert_eq!(plan.next(), None);
        let failed = plan.failed(&Status::unavailable(""), start + 3 * DELAY);
        assert_eq!((failed, plan.next()), (Failed::Attempt, None));
    }

    #[test]
    fn a_code_that_is_not_fatal_brings_the_next_attempt_at_once() {
        let (start, later) = (Instant::now(), Instant::now() + DELAY / 3);
        let mut plan = plan(3, start);
        assert_eq!(plan.failed(&Status::unavailable(""), later), Failed::Attempt);
        assert_eq!(plan.next(), Some(later));
        plan.made(later);
        assert_eq!(plan.next(), Some(later + DELAY));
    }

    #[test]
    fn any_other_code_ends_the_call() {
        for code in (1..=16).map(Code::from_number).filter(|code| *code != Code::Unavailable) {
            assert_eq!(plan(3, Instant::now()).failed(&Status::new(code, ""), Instant::now()), Failed::Call);
        }
    }

    #[test]
    fn an_attempt_that_takes_too_long_does_not_end_the_call() {
        let start = Instant::now();
        let rules = Rules { attempt_timeout: Some(DELAY), ..rules(3) };
        let mut plan = Plan::new(rules, None, start, Some(start + 3 * DELAY));
        let timeout = Status::deadline_exceeded("");
        assert_eq!(plan.failed(&timeout, start + DELAY), Failed::Attempt);
        assert_eq!(plan.next(), Some(start + DELAY));
        assert_eq!(plan.failed(&timeout, start + 3 * DELAY), Failed::Call, "its own time is over");
    }

    #[test]
    fn pushback_moves_the_next_attempt_or_stops_them() {
        let (start, later) = (Instant::now(), Instant::now() + DELAY / 3);
        let mut plan = plan(4, start);
        plan.failed(&Status::unavailable("").with_retry_after(DELAY * 7), later);
        assert_eq!(plan.next(), Some(later + DELAY * 7));
        plan.made(later + DELAY * 7);
        assert_eq!(plan.next(), Some(later + DELAY * 8));
        plan.failed(&Status::unavailable("").with_no_retry(), later);
        assert_eq!(plan.next(), None);
        plan.failed(&Status::unavailable(""), later);
        assert_eq!(plan.next(), None, "for good");
    }

    #[test]
    fn where_nobody_can_be_reached_there_is_no_point_in_it() {
        for reason in [Reason::CircuitOpen, Reason::NotConnected, Reason::NoResponders] {
            let mut plan = plan(4, Instant::now());
            let failed = plan.failed(&Status::unavailable("").with_reason(reason), Instant::now());
            assert_eq!((failed, plan.next()), (Failed::Attempt, None), "{reason:?}");
        }
    }

    #[test]
    fn without_a_delay_only_a_failure_brings_an_attempt() {
        let start = Instant::now();
        let mut plan = Plan::new(rules(2), None, start, None);
        assert_eq!(plan.next(), None);
        plan.failed(&Status::unavailable(""), start);
        assert_eq!(plan.next(), Some(start));
    }

    #[test]
    fn no_attempt_is_planned_past_the_deadline() {
        let start = Instant::now();
        let mut plan = Plan::new(rules(3), Some(DELAY), start, Some(start + 2 * DELAY));
        assert_eq!(plan.next(), Some(start + DELAY));
        plan.made(start + DELAY);
        assert_eq!(plan.next(), None);
        plan.failed(&Status::unavailable("").with_retry_after(DELAY * 3), start);
        assert_eq!(plan.next(), None);
        plan.failed(&Status::unavailable(""), start + DELAY);
        assert_eq!(plan.next(), Some(start + DELAY));
    }
}
