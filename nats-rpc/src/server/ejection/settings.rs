use std::time::Duration;

use crate::status::Status;

/// When a server leaves the queue group of a service by itself, and for how long. On by default.
///
/// Callers can't choose among the members of a queue group, so only a bad instance itself can take itself out. It counts
/// its calls of each service. When enough of them have failed it leaves the queue groups of the service's methods, if
/// the other instances that go on serving are at least one and at least half of the group: a fault that all share, in a
/// database say, never empties the group. It comes back after a while, with a trial: in its first second it takes no
/// more than 20 calls that have failed or are not over. When that goes badly it stays away for twice as long. When nobody
/// else serves any more, it comes back at once.
///
/// A call has failed when its handler panicked, or answered UNAVAILABLE, INTERNAL, UNKNOWN or DATA_LOSS, or when a
/// method without streams did not end before the deadline. Codes that tell of the request, such as NOT_FOUND, count as
/// success. RESOURCE_EXHAUSTED, CANCELLED, requests that can't be decoded, and calls that did not reach the handler do not
/// count at all.
///
/// The guard is what Envoy's [outlier detection](https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier)
/// calls `max_ejection_percent`; the longest absence is the same as there. How the instances come to terms is section 15
/// of the wire's specification. It needs permission to subscribe to `_group` below the service's subject; a server that
/// may not never leaves.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::Server;
/// use nats_rpc::server::Ejection;
///
/// let patient = Ejection::new().with_failure_ratio(0.8).with_first_absence(Duration::from_secs(30));
/// let server = Server::builder().self_ejection(patient);
/// let never = Server::builder().self_ejection(Ejection::off());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ejection {
    pub(super) on: bool,
    pub(super) failure_ratio: f64,
    pub(super) min_calls: u32,
    pub(super) window: Duration,
    pub(super) first_absence: Duration,
    pub(super) longest_absence: Duration,
}

/// Whoever is to stay away for longer should be stopped.
const LONGEST_ABSENCE: Duration = Duration::from_secs(30 * 24 * 3600);

impl Ejection {
    /// Leaves when half of at least 20 calls in 5 s have failed, or of at least 20 in the last second, for 10 s at first
    /// and 5 minutes at most.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            on: true,
            failure_ratio: 0.5,
            min_calls: 20,
            window: Duration::from_secs(5),
            first_absence: Duration::from_secs(10),
            longest_absence: Duration::from_secs(300),
        }
    }

    /// Never leaves, however badly it does. The other instances still count it as one that serves.
    #[must_use]
    pub const fn off() -> Self {
        Self { on: false, ..Self::new() }
    }

    /// Sets the share of calls that must have failed, above 0 and at most 1. Default: 0.5.
    #[must_use]
    pub const fn with_failure_ratio(mut self, ratio: f64) -> Self {
        self.failure_ratio = ratio;
        self
    }

    /// Sets how many calls there must have been, at least one. Default: 20.
    #[must_use]
    pub const fn with_min_calls(mut self, calls: u32) -> Self {
        self.min_calls = calls;
        self
    }

    /// Sets over which time calls are counted, from 100 ms to an hour. It moves on by a tenth of itself. Default: 5 s.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets how long the first absence is, at least a second. Each that follows soon is twice as long, and each is up to a
    /// fifth longer or shorter, at random. Default: 10 s.
    #[must_use]
    pub const fn with_first_absence(mut self, absence: Duration) -> Self {
        self.first_absence = absence;
        self
    }

    /// Sets how long an absence becomes at most, up to 30 days. Default: 5 minutes.
    #[must_use]
    pub const fn with_longest_absence(mut self, absence: Duration) -> Self {
        self.longest_absence = absence;
        self
    }

    /// # Errors
    /// INVALID_ARGUMENT with what is wrong.
    pub(in crate::server) fn check(&self) -> Result<(), Status> {
        let Self { failure_ratio, min_calls, window, first_absence, longest_absence, .. } = self;
        let wrong = if !(*failure_ratio > 0.0 && *failure_ratio <= 1.0) {
            format!("failure_ratio is {failure_ratio}, and must be above 0 and at most 1")
        } else if *min_calls == 0 {
            "min_calls is 0, and must be at least 1".to_owned()
        } else if !(Duration::from_millis(100)..=Duration::from_secs(3600)).contains(window) {
            format!("window is {window:?}, and must be from 100 ms to an hour")
        } else if *first_absence < Duration::from_secs(1) {
            format!("first_absence is {first_absence:?}, and must be at least a second")
        } else if longest_absence < first_absence {
            format!("longest_absence is {longest_absence:?}, and first_absence is longer: {first_absence:?}")
        } else if *longest_absence > LONGEST_ABSENCE {
            format!("longest_absence is {longest_absence:?}, and must be at most 30 days")
        } else {
            return Ok(());
        };
        Err(Status::invalid_argument(format!("the server's self_ejection: {wrong}")))
    }
}

impl Default for Ejection {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Ejection;

    #[test]
    fn what_makes_no_sense_is_refused_with_a_reason() {
        let cases = [
            (Ejection::new().with_failure_ratio(0.0), "failure_ratio is 0,"),
            (Ejection::new().with_failure_ratio(f64::NAN), "failure_ratio is NaN,"),
            (Ejection::new().with_failure_ratio(1.1), "failure_ratio is 1.1,"),
            (Ejection::new().with_min_calls(0), "min_calls is 0,"),
            (Ejection::new().with_window(Duration::ZERO), "window is 0ns,"),
            (Ejection::new().with_first_absence(Duration::from_millis(1)), "first_absence is 1ms,"),
            (Ejection::new().with_longest_absence(Duration::from_secs(9)), "first_absence is longer: 10s"),
            (Ejection::new().with_longest_absence(Duration::MAX), "must be at most 30 days"),
        ];
        for (settings, text) in cases {
            let status = settings.check().unwrap_err();
            assert!(status.message().contains(text), "{status}");
        }
        Ejection::new().check().unwrap();
        Ejection::off().check().unwrap();
    }
}
