use std::fmt;

/// How a call ended: gRPC's seventeen codes, with their meanings and numbers.
///
/// The meanings are those of gRPC's `statuscodes.md`. Display gives the name as it is written there, such as
/// `NOT_FOUND`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// 0: the call succeeded.
    Ok = 0,
    /// 1: the caller gave the call up.
    Cancelled = 1,
    /// 2: an unknown error: a handler that panicked, a foreign error, an unknown code.
    Unknown = 2,
    /// 3: the request is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// 4: the deadline expired before the call ended.
    DeadlineExceeded = 4,
    /// 5: what was asked for does not exist.
    NotFound = 5,
    /// 6: what should be created exists.
    AlreadyExists = 6,
    /// 7: the caller is known and may not do this.
    PermissionDenied = 7,
    /// 8: a quota, a limit or memory is used up; also a message over its size limit.
    ResourceExhausted = 8,
    /// 9: the system is not in the state that the call needs; retrying without changing it is useless.
    FailedPrecondition = 9,
    /// 10: a conflict, such as a failed transaction; retry at a higher level.
    Aborted = 10,
    /// 11: past the valid range, such as reading past the end.
    OutOfRange = 11,
    /// 12: the method does not exist here.
    Unimplemented = 12,
    /// 13: an invariant is broken: an undecodable message, a fault of the protocol.
    Internal = 13,
    /// 14: the service can't be reached at the moment; retrying may help.
    Unavailable = 14,
    /// 15: data is lost or corrupted for good.
    DataLoss = 15,
    /// 16: the caller is not known.
    Unauthenticated = 16,
}

/// All codes in the order of their numbers, with their names.
pub(super) const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

impl Code {
    /// The code with this number; a number that gRPC does not know is [`Code::Unknown`].
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        usize::try_from(number).ok().and_then(|index| CODES.get(index)).map_or(Self::Unknown, |entry| entry.0)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The name as gRPC writes it, such as `NOT_FOUND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        CODES[self as usize].1
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{CODES, Code};

    #[test]
    fn numbers_and_names_agree() {
        for (index, (code, name)) in CODES.into_iter().enumerate() {
            assert_eq!(code as usize, index);
            assert_eq!(Code::from_number(index as u32), code);
            assert_eq!(code.to_string(), name);
        }
        assert_eq!(Code::from_number(17), Code::Unknown);
        assert_eq!(Code::from_number(u32::MAX), Code::Unknown);
    }
}
