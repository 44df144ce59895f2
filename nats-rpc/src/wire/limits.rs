//! The numbers of version 1 that both sides have to agree on.

/// The largest header of a frame, in bytes.
pub const MAX_HEADER: usize = 16 * 1024;
/// The longest subject, in bytes.
pub const MAX_SUBJECT: usize = 512;
/// The longest instance id, in bytes.
pub const MAX_INSTANCE: usize = 64;
/// The most entries in a PING or PONG: with every counter at its largest, both stay within a header.
pub const MAX_AUDIT: usize = 256;
/// The most calls in a BATCH.
pub const MAX_BATCH_CALLS: usize = 16;
/// The most bytes of a BATCH or PACK.
pub const MAX_BATCH_BYTES: usize = 32 * 1024;
/// The most messages in an OPEN or DATA: each takes memory, however short it is.
pub const MAX_MESSAGES: usize = 1024;
/// The longest text of a REFUSED, in bytes; a longer one is cut.
pub const MAX_REFUSED_MESSAGE: usize = 1024;
/// `accept_after_ms` of an OPEN that does not say.
pub const DEFAULT_ACCEPT_AFTER_MS: u32 = 25;
/// `window` of an OPEN that does not say, in bytes; also the most that a stream may send along in its OPEN.
pub const DEFAULT_WINDOW: u32 = 16 * 1024;
/// `max_message` of an OPEN or ACCEPT that does not say, in bytes.
pub const DEFAULT_MAX_MESSAGE: u32 = 1024 * 1024;
/// No peer may take less: whatever it says, NATS messages of this length are sent to it, in bytes.
pub const SMALLEST_MAX_MESSAGE: u32 = 32 * 1024;
/// What is kept free of a NATS message below the smallest limit of its way, in bytes.
pub const MESSAGE_RESERVE: usize = 8 * 1024;
/// What one DATA frame costs of its credit beside its body, in bytes.
pub const FRAME_COST: u64 = 512;
/// A message goes in chunks as soon as there is credit for a body of this length, in bytes. A receiver that has read
/// everything always allows as much, and a quarter of its window.
pub const SHORTEST_ROOM: u64 = 256;
/// For a message in chunks, the cost of as many frames is allowed besides as if its chunks had this length, in bytes, and of
/// one more.
pub const SHORTEST_CHUNK: u64 = 16 * 1024;
/// The longest chunk of a message, in bytes.
pub const LONGEST_CHUNK: usize = 128 * 1024;
/// How much later than its timeout says a call may be found before it is stale, in milliseconds.
pub const STALE_GRACE_MS: u64 = 500;
