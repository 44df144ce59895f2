use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use super::{Denial, lock};
use crate::status::Status;

/// Something that happened to a [`Connection`](super::Connection), beside the calls on it.
///
/// Every event is also logged through `tracing`, whether or not anybody listens. Made known by
/// [`Builder::on_event`](super::nats::Builder::on_event).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The connection is there, for the first time or again.
    #[non_exhaustive]
    Connected {
        /// Its address, such as `nats://localhost:4222`; without user and password.
        server: String,
    },
    /// The connection has ended. It is restored in the background, unless nobody has it any more.
    Disconnected,
    /// An attempt to restore the connection has failed; there will be another within 4 s.
    #[non_exhaustive]
    ConnectFailed {
        /// Why, for each server that was tried.
        status: Status,
    },
    /// The server refused what the user may not do.
    PermissionDenied(Denial),
    /// A subscription was full, so at least one message is lost: the process is too slow for what it receives.
    SlowConsumer,
    /// The server is about to stop, and will close the connection within minutes ("lame duck mode").
    LameDuck,
    /// The server reports any other error.
    #[non_exhaustive]
    ServerError {
        /// What it says.
        text: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { server } => write!(f, "connected to {server}"),
            Self::Disconnected => f.write_str("the connection has ended; connecting again"),
            Self::ConnectFailed { status } => f.write_str(status.message()),
            Self::PermissionDenied(denial) => denial.fmt(f),
            Self::SlowConsumer => f.write_str("a subscription is full: messages are lost"),
            Self::LameDuck => f.write_str("the server is about to stop"),
            Self::ServerError { text } => write!(f, "the server reports an error: {text}"),
        }
    }
}

impl Event {
    fn log(&self) {
        match self {
            Self::Connected { .. } => tracing::info!("{self}"),
            Self::Disconnected | Self::ConnectFailed { .. } | Self::LameDuck => tracing::warn!("{self}"),
            Self::PermissionDenied(_) | Self::SlowConsumer | Self::ServerError { .. } => {
                tracing::error!("{self}");
            }
        }
    }
}

/// Told of one event after the other.
type Callback = Box<dyn Fn(&Event) + Send + Sync>;

/// Where the events of a connection go; clones go to the same place.
#[derive(Clone, Default)]
pub(crate) struct Events(Option<Arc<Mutex<Callback>>>);

impl Events {
    #[cfg_attr(
        not(any(feature = "nats", test)),
        expect(dead_code, reason = "the broker within the process has no builder")
    )]
    pub(crate) fn to(callback: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(Box::new(callback)))))
    }

    /// Logs the event and tells the callback, whose panic ends nothing.
    pub(crate) fn emit(&self, event: &Event) {
        event.log();
        let Some(callback) = &self.0 else { return };
        // Locked meanwhile, so that the callback sees one event after the other.
        let callback = lock(callback);
        if catch_unwind(AssertUnwindSafe(|| callback(event))).is_err() {
            tracing::error!(?event, "the callback for events has panicked");
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Events(callback)" } else { "Events" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::{Event, Events};

    #[test]
    fn a_panic_in_the_callback_ends_nothing() {
        let (sender, receiver) = mpsc::channel();
        let events = Events::to(move |event| {
            sender.send(event.to_string()).unwrap();
            assert!(!matches!(event, Event::LameDuck), "on purpose");
        });
        for event in [Event::Disconnected, Event::LameDuck, Event::SlowConsumer] {
            events.emit(&event);
        }
        drop(events);
        assert_eq!(receiver.iter().count(), 3);
        Events::default().emit(&Event::LameDuck);
    }
}
