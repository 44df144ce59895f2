use crate::raw::Reply;
use crate::status::{Code, Origin, Reason, Status};

/// What a call came to, for a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The service has answered. That its caller was to blame shows that it works as well.
    Success,
    /// It failed, and the service is to blame.
    Failure,
    /// The service has too much to do: no reason to open, and none to send it more.
    Busy,
    /// It says nothing of the service.
    Nothing,
}

impl Outcome {
    pub(super) fn of(result: &Result<Reply, Status>) -> Self {
        let Err(status) = result else { return Self::Success };
        let is_busy = status.code() == Code::ResourceExhausted && status.reason() != Some(Reason::TooLarge);
        if status.is_not_processed() {
            // No handler has seen it, so that it says nothing of how calls do: it never left, nobody was there to take it,
            // or it came to an instance that is leaving, and others serve. Only a busy one tells something.
            let is_told = is_busy && status.origin() == Origin::Remote;
            return if is_told { Self::Busy } else { Self::Nothing };
        }
        match status.code() {
            // All calls in flight end so at once, or the caller's own requests failed, however well the service does.
            _ if matches!(status.reason(), Some(Reason::ConnectionLost | Reason::Cancelled)) => Self::Nothing,
            Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown | Code::DataLoss => {
                Self::Failure
            }
            _ if is_busy => Self::Busy,
            Code::Cancelled => Self::Nothing,
            _ => Self::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;
    use crate::status::{Code, Origin, Reason, Status};

    fn of(status: Status) -> Outcome {
        Outcome::of(&Err(status))
    }

    #[test]
    fn a_call_that_was_cut_short_says_nothing_of_the_service() {
        let lost = Status::transport("").with_reason(Reason::ConnectionLost);
        assert_eq!(of(lost), Outcome::Nothing);
        assert_eq!(of(Status::transport("the instance has gone")), Outcome::Failure);
        let requests_failed = Status::unavailable("").with_reason(Reason::Cancelled);
        assert_eq!(of(requests_failed), Outcome::Nothing);
    }

    #[test]
    fn the_service_is_to_blame_for_five_codes_only() {
        for number in 1..=16 {
            let code = Code::from_number(number);
            let expected = match code {
                Code::Unavailable
                | Code::DeadlineExceeded
                | Code::Internal
                | Code::Unknown
                | Code::DataLoss => Outcome::Failure,
                Code::ResourceExhausted => Outcome::Busy,
                Code::Cancelled => Outcome::Nothing,
                _ => Outcome::Success,
            };
            let status = Status::new(code, "").with_origin(Origin::Remote);
            assert_eq!(of(status), expected, "{code}");
            let unsent = Status::new(code, "").with_not_processed();
            assert_eq!(of(unsent), Outcome::Nothing, "{code}");
        }
    }

    #[test]
    fn what_proves_that_nobody_was_reached_says_nothing() {
        for reason in [Reason::NotConnected, Reason::NoResponders] {
            let status = Status::transport("").with_reason(reason).with_not_processed();
            assert_eq!(of(status), Outcome::Nothing);
        }
        // An instance that was lost with the call is another matter.
        assert_eq!(of(Status::transport("")), Outcome::Failure);
    }

    #[test]
    fn of_refusals_only_that_it_is_busy_says_something() {
        let refused = |code| Status::new(code, "").with_origin(Origin::Remote).with_not_processed();
        for number in 1..=16 {
            let code = Code::from_number(number);
            let busy = code == Code::ResourceExhausted;
            let expected = if busy { Outcome::Busy } else { Outcome::Nothing };
            assert_eq!(of(refused(code)), expected, "{code}");
        }
        let too_large = refused(Code::ResourceExhausted).with_reason(Reason::TooLarge);
        assert_eq!(of(too_large), Outcome::Nothing);
    }

    #[test]
    fn an_answer_that_is_too_large_is_an_answer() {
        let status = Status::resource_exhausted("").with_reason(Reason::TooLarge);
        assert_eq!(of(status), Outcome::Success);
    }
}
