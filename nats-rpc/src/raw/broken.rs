use crate::spec::Method;
use crate::status::{Reason, Status};
use crate::transport::Broken;
use crate::wire::TerminalReason;
use crate::wire::flow::Fault;

/// What a call fails with whose stream this side has to end.
pub(crate) fn status_of(why: Broken, method: &Method) -> Status {
    match why {
        Broken::Fault(Fault::Lost) => {
            Status::transport(format!("a part of the stream of {method} was lost on the way"))
                .with_reason(Reason::FrameLost)
        }
        Broken::Fault(fault @ Fault::Protocol(_)) => protocol(&fault.to_string(), method),
        Broken::Malformed(malformed) => protocol(&malformed.to_string(), method),
        Broken::TooLarge(length) => Status::resource_exhausted(format!(
            "a message of {method} has {length} bytes, which is over the limit"
        ))
        .with_reason(Reason::TooLarge),
        Broken::NoRoom => Status::resource_exhausted(format!(
            "there is no room to put a message of {method} together: too many large ones are coming at once"
        )),
        Broken::Writer(status) => status,
        Broken::Over => {
            Status::cancelled(format!("the call of {method} is over")).with_reason(Reason::Cancelled)
        }
    }
}

fn protocol(what: &str, method: &Method) -> Status {
    Status::internal(format!("the other side of {method} broke the protocol: {what}"))
        .with_reason(Reason::Protocol)
}

/// The name of a reason on the wire.
pub(super) fn to_wire(reason: Option<Reason>) -> TerminalReason {
    match reason {
        // Those of calls that do not reach a handler have frames of their own, or never leave the caller.
        None
        | Some(
            Reason::NotConnected
            | Reason::ConnectionLost
            | Reason::NoResponders
            | Reason::Overloaded
            | Reason::Expired
            | Reason::CircuitOpen
            | Reason::RateLimited,
        ) => TerminalReason::Handler,
        Some(Reason::Panic) => TerminalReason::Panic,
        Some(Reason::Deadline) => TerminalReason::Deadline,
        Some(Reason::Cancelled) => TerminalReason::Cancelled,
        Some(Reason::Decode) => TerminalReason::Decode,
        Some(Reason::Encode) => TerminalReason::Encode,
        Some(Reason::TooLarge) => TerminalReason::TooLarge,
        Some(Reason::Cardinality) => TerminalReason::Cardinality,
        Some(Reason::FrameLost) => TerminalReason::FrameLost,
        Some(Reason::Protocol) => TerminalReason::Protocol,
        Some(Reason::Shutdown) => TerminalReason::Shutdown,
        Some(Reason::Unimplemented) => TerminalReason::Unimplemented,
    }
}

/// The reason of that name.
pub(super) fn from_wire(reason: TerminalReason) -> Option<Reason> {
    Some(match reason {
        TerminalReason::Handler | TerminalReason::Unknown(_) => return None,
        TerminalReason::Panic => Reason::Panic,
        TerminalReason::Deadline => Reason::Deadline,
        TerminalReason::Cancelled => Reason::Cancelled,
        TerminalReason::Decode => Reason::Decode,
        TerminalReason::Encode => Reason::Encode,
        TerminalReason::TooLarge => Reason::TooLarge,
        TerminalReason::Cardinality => Reason::Cardinality,
        TerminalReason::FrameLost => Reason::FrameLost,
        TerminalReason::Protocol => Reason::Protocol,
        TerminalReason::Shutdown => Reason::Shutdown,
        TerminalReason::Unimplemented => Reason::Unimplemented,
    })
}
