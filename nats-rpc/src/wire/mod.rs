//! Version 1 of the wire: bytes in, borrowed views out, and back.
//!
//! Everything here is pure: no clock, no runtime, no NATS. `docs/wire.md` is the specification that this
//! module implements, `proto/nats/rpc/v1/wire.proto` its schema, and `tests/vectors/` the bytes that both are
//! checked against.

mod accept;
pub mod batch;
mod cancel;
mod credit;
mod data;
mod encoding;
mod entries;
mod field;
mod flags;
pub mod flow;
mod frame;
mod head;
mod instance;
mod kind;
mod leaving;
mod limits;
mod malformed;
mod messages;
mod numbers;
mod open;
mod ping;
pub mod plain;
mod pong;
mod refused;
mod refused_reason;
mod sink;
mod terminal;
mod terminal_reason;
pub mod token;
mod via;

pub use accept::Accept;
pub use cancel::Cancel;
pub use credit::Credit;
pub use data::Data;
pub use encoding::Encoding;
pub use entries::{Details, Entries, is_key};
pub use field::handle_of;
pub use flags::{DataFlags, Features, OpenFlags, TerminalFlags};
pub use frame::{Frame, FrameView, KEEP_ALIVE, NOOP, Profile, VERSION, profile};
pub use head::Head;
pub use instance::is_instance;
pub use kind::Kind;
pub use leaving::{Leaving, LeavingState};
pub use limits::*;
pub use malformed::{HeaderTooLarge, Malformed, Reason};
pub use messages::{Messages, messages};
pub use numbers::{Coding, Fixed64, Numbers, Varint32, Varint64};
pub use open::{Open, is_stale};
pub use ping::{AuditEntry, Ping};
pub use pong::{Pong, Serves};
pub use refused::Refused;
pub use refused_reason::{RefusedReason, Retry};
pub use sink::beginning;
pub use terminal::Terminal;
pub use terminal_reason::TerminalReason;
pub use via::Via;

pub use crate::call::TraceContext;
