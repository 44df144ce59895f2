use tokio::time::{Duration, Instant};

use crate::spec::Kind;
use crate::status::{Code, Reason, Status};

/// What the end of a call says of the instance that handled it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Verdict {
    Good,
    Bad,
    /// Nothing: it did not reach the handler, or it is the caller or the load that it tells of.
    Nothing,
}

impl Verdict {
    /// For what a handler came to.
    pub(in crate::server) fn of(kind: Kind, error: Option<&Status>) -> Self {
        let Some(status) = error else { return Self::Good };
        if status.is_not_processed() || status.reason().is_some_and(is_of_the_caller) {
            return Self::Nothing;
        }
        match status.code() {
            Code::Unavailable | Code::Internal | Code::Unknown | Code::DataLoss => Self::Bad,
            // A stream may be meant to last until then.
            Code::DeadlineExceeded if kind == Kind::Unary => Self::Bad,
            Code::DeadlineExceeded | Code::ResourceExhausted | Code::Cancelled => Self::Nothing,
            _ => Self::Good,
        }
    }

    /// For a call whose caller has given it up after `busy`. Callers give up at their deadline too, which they reach
    /// before the server does: by as much as the request was under way, so the last tenth of the time is taken for it.
    pub(in crate::server) fn of_given_up(
        kind: Kind,
        arrived: Instant,
        deadline: Option<Instant>,
        busy: Duration,
    ) -> Self {
        let allowed = deadline.map(|deadline| deadline.saturating_duration_since(arrived));
        match allowed {
            Some(allowed) if kind == Kind::Unary && busy >= allowed - allowed / 10 => Self::Bad,
            _ => Self::Nothing,
        }
    }
}

/// Requests that can't be decoded, or whose frames are lost or wrong; and the end of another server.
fn is_of_the_caller(reason: Reason) -> bool {
    matches!(reason, Reason::Decode | Reason::FrameLost | Reason::Protocol | Reason::Shutdown)
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, Instant};

    use super::Verdict;
    use crate::spec::Kind;
    use crate::status::{Code, Reason, Status};

    #[test]
    fn every_code_has_a_verdict() {
        let bad = [Code::Unavailable, Code::Internal, Code::Unknown, Code::DataLoss, Code::DeadlineExceeded];
        let nothing = [Code::ResourceExhausted, Code::Cancelled];
        for code in (1..=16).map(Code::from_number) {
            let expected = match code {
                code if bad.contains(&code) => Verdict::Bad,
                code if nothing.contains(&code) => Verdict::Nothing,
                _ => Verdict::Good,
            };
            let status = Status::new(code, "");
            assert_eq!(Verdict::of(Kind::Unary, Some(&status)), expected, "{code}");
            assert_eq!(Verdict::of(Kind::Unary, Some(&status.with_not_processed())), Verdict::Nothing);
        }
        assert_eq!(Verdict::of(Kind::Unary, None), Verdict::Good);
    }

    #[test]
    fn callers_and_streams_are_no_failures() {
        let garbage = Status::internal("").with_reason(Reason::Decode);
        assert_eq!(Verdict::of(Kind::Unary, Some(&garbage)), Verdict::Nothing);
        let late = Status::deadline_exceeded("");
        assert_eq!(Verdict::of(Kind::ServerStreaming, Some(&late)), Verdict::Nothing);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_at_the_deadline_has_waited_in_vain() {
        let arrived = Instant::now();
        let deadline = Some(arrived + Duration::from_secs(1));
        let after = |ms| Verdict::of_given_up(Kind::Unary, arrived, deadline, Duration::from_millis(ms));
        assert_eq!((after(899), after(900), after(1_100)), (Verdict::Nothing, Verdict::Bad, Verdict::Bad));
        let forever = Verdict::of_given_up(Kind::Unary, arrived, None, Duration::from_secs(900));
        assert_eq!(forever, Verdict::Nothing);
    }
}
