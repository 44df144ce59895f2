use std::str::FromStr;
use std::time::Duration;

use crate::metadata::Metadata;
use crate::status::{Code, Status};

/// Asks for a delay, in milliseconds.
pub(super) const DELAY: &str = "x-nats-rpc-fault-delay-ms";
/// Asks for a failure, by the number of its code.
pub(super) const ABORT: &str = "x-nats-rpc-fault-abort-code";
/// In how many of a hundred calls.
pub(super) const PERCENT: &str = "x-nats-rpc-fault-percent";

/// What a call asks for in its metadata.
pub(super) struct Requested {
    pub(super) delay: Option<Duration>,
    pub(super) abort: Option<Status>,
    pub(super) percent: f64,
}

impl Requested {
    /// `None`: it asks for nothing.
    ///
    /// # Errors
    /// INTERNAL when a value means nothing.
    pub(super) fn read(metadata: &Metadata) -> Result<Option<Self>, Status> {
        let delay = number::<u64>(metadata, DELAY)?.map(Duration::from_millis);
        let code = number::<u32>(metadata, ABORT)?;
        if delay.is_none() && code.is_none() {
            return Ok(None);
        }
        let percent = number::<f64>(metadata, PERCENT)?.unwrap_or(100.0);
        if !(0.0..=100.0).contains(&percent) {
            return Err(meaningless(PERCENT, "is not 0 to 100"));
        }
        let abort = match code {
            None => None,
            Some(1..=16) => {
                code.map(|code| Status::new(Code::from_number(code), format!("asked for by {ABORT}")))
            }
            Some(_) => return Err(meaningless(ABORT, "is no code of a failure, which are 1 to 16")),
        };
        Ok(Some(Self { delay, abort, percent }))
    }
}

fn number<T: FromStr>(metadata: &Metadata, key: &str) -> Result<Option<T>, Status> {
    metadata.get(key).map(|value| value.parse().map_err(|_| meaningless(key, "is not a number"))).transpose()
}

fn meaningless(key: &str, why: &str) -> Status {
    Status::internal(format!("the fault to inject is not clear: {key} {why}"))
}
