/// Why the library itself ended a call, where it did: [`Status::reason`](super::Status::reason).
///
/// A code says what to do about a failure; the reason tells failures with one code apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The handler panicked (UNKNOWN).
    Panic,
    /// The deadline passed (DEADLINE_EXCEEDED).
    Deadline,
    /// The call was given up (CANCELLED), or its stream of requests failed (with the status of that).
    Cancelled,
    /// A message does not decode (INTERNAL).
    Decode,
    /// A message does not encode (INTERNAL).
    Encode,
    /// A message is larger than its limit (RESOURCE_EXHAUSTED).
    TooLarge,
    /// There are too many messages or too few (UNIMPLEMENTED).
    Cardinality,
    /// A part of a stream did not arrive (UNAVAILABLE).
    FrameLost,
    /// The other side broke the rules of the protocol (INTERNAL).
    Protocol,
    /// The server was shut down and did not wait any longer (UNAVAILABLE). A stream may be opened again at once: other
    /// instances take it.
    Shutdown,
    /// The instance serves the method but has no implementation of it (UNIMPLEMENTED).
    Unimplemented,
    /// There is no connection to a NATS server at the moment (UNAVAILABLE).
    NotConnected,
    /// The connection ended while the call was in flight, so that it may have run (UNAVAILABLE).
    ConnectionLost,
    /// Nobody serves the method at the moment (UNAVAILABLE).
    NoResponders,
    /// The service has more to do than it can (RESOURCE_EXHAUSTED).
    Overloaded,
    /// The deadline passed before the call reached its handler (DEADLINE_EXCEEDED).
    Expired,
    /// Nearly all calls of the method fail, so this one was not made (UNAVAILABLE).
    CircuitOpen,
    /// There are more calls than are allowed (RESOURCE_EXHAUSTED). Over NATS callers see [`Overloaded`](Self::Overloaded),
    /// which asks the same of them.
    RateLimited,
}
