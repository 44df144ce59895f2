use std::time::Duration;

use super::{Origin, Status};

/// The key of gRPC's retry pushback among trailing metadata ([gRFC A6]).
///
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
const KEY: &str = "grpc-retry-pushback-ms";

/// What a service says about making a failed call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushback {
    /// Not before so long.
    After(Duration),
    /// Not at all.
    Never,
}

impl Status {
    /// Asks the caller not to make the call again before `delay`, to the millisecond. It travels in trailing metadata, as
    /// in gRPC ([gRFC A6]).
    ///
    /// ```
    /// use std::time::Duration;
    /// use nats_rpc::{Pushback, Status};
    ///
    /// let status = Status::resource_exhausted("too many").with_retry_after(Duration::from_millis(20));
    /// assert_eq!(status.pushback(), Some(Pushback::After(Duration::from_millis(20))));
    /// ```
    ///
    /// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
    #[must_use]
    pub fn with_retry_after(self, delay: Duration) -> Self {
        // Of the two limits the smaller one is 24 days, far beyond any use.
        let millis = i32::try_from(delay.as_millis()).unwrap_or(i32::MAX);
        self.with_pushback(millis)
    }

    /// Asks the caller not to make the call again.
    #[must_use]
    pub fn with_no_retry(self) -> Self {
        self.with_pushback(-1)
    }

    /// What a handler answers with, who may hand on what another call came to. That one may not have been processed, but
    /// this one was; and its service may be worth another attempt, but that is for the handler's client to make: attempts
    /// at each of several services in a row would multiply.
    pub(crate) fn of_handler(mut self) -> Self {
        if self.origin() != Origin::Local && matches!(self.pushback(), Some(Pushback::After(_))) {
            self.metadata_mut().remove(KEY);
        }
        self.with_maybe_processed()
    }

    fn with_pushback(mut self, millis: i32) -> Self {
        self.metadata_mut().remove(KEY);
        self.metadata_mut().append_received(KEY, millis.to_string().into());
        self
    }

    /// What the service says about making the call again. `None`: nothing. What is not a number of milliseconds says
    /// [`Never`](Pushback::Never), as in gRPC.
    #[must_use]
    pub fn pushback(&self) -> Option<Pushback> {
        let value = self.metadata().get(KEY)?;
        let millis = value.parse::<i32>().ok().and_then(|millis| u64::try_from(millis).ok());
        Some(millis.map_or(Pushback::Never, |millis| Pushback::After(Duration::from_millis(millis))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{KEY, Pushback};
    use crate::status::{Origin, Status};

    fn with(value: &'static str) -> Option<Pushback> {
        let mut status = Status::unavailable("");
        status.metadata_mut().append_received(KEY, value.into());
        status.pushback()
    }

    #[test]
    fn a_handler_hands_on_no_invitation_of_others_to_come_back() {
        let busy = || Status::resource_exhausted("").with_retry_after(Duration::from_millis(20));
        assert_eq!(busy().of_handler().pushback(), busy().pushback(), "its own");
        assert_eq!(busy().with_origin(Origin::Remote).of_handler().pushback(), None);
        let never = Status::unavailable("").with_no_retry().with_origin(Origin::Remote);
        assert_eq!(never.of_handler().pushback(), Some(Pushback::Never));
        assert!(!Status::unavailable("").with_not_processed().of_handler().is_not_processed());
    }

    #[test]
    fn it_is_read_as_grpc_reads_it() {
        assert_eq!(with("0"), Some(Pushback::After(Duration::ZERO)));
        assert_eq!(with("1500"), Some(Pushback::After(Duration::from_millis(1500))));
        for never in ["-1", "", "soon", "1.5", "2147483648"] {
            assert_eq!(with(never), Some(Pushback::Never), "{never:?}");
        }
        assert_eq!(Status::unavailable("").pushback(), None);
        assert_eq!(Status::unavailable("").with_no_retry().pushback(), Some(Pushback::Never));
    }
}
