use std::sync::{Arc, Mutex, Weak};

use async_nats::{Event as Told, ServerError};

use super::violation;
use crate::transport::{Denial, Epoch, Event, Events, lock};

/// What a server says of a subscription that is no pattern.
const MALFORMED: &str = "invalid subject";
/// What a server says of a subscription beyond its limit.
const FULL: &str = "maximum subscriptions exceeded";

/// Takes what one `async-nats` client tells to its epoch and to whoever listens.
#[derive(Clone)]
pub(super) struct Relay {
    events: Events,
    epoch: Arc<Mutex<Target>>,
}

enum Target {
    /// The client is told things before the epoch exists: they wait here.
    Awaited(Vec<Denial>),
    There(Weak<Epoch>),
    /// It is told of none: no call goes this way.
    Nowhere,
}

impl Relay {
    pub(super) fn new(events: Events) -> Self {
        Self { events, epoch: Arc::new(Mutex::new(Target::Awaited(Vec::new()))) }
    }

    /// Of a client that is apart from all epochs.
    pub(super) fn apart(events: Events) -> Self {
        Self { events, epoch: Arc::new(Mutex::new(Target::Nowhere)) }
    }

    /// Tells the epoch of denials from now on, and of those that came before.
    pub(super) fn connect(&self, epoch: &Arc<Epoch>) {
        // Locked meanwhile, so that the denials stay in order.
        let mut target = lock(&self.epoch);
        if let Target::Awaited(early) = std::mem::replace(&mut *target, Target::There(Arc::downgrade(epoch)))
        {
            early.iter().for_each(|denial| epoch.denied(denial));
        }
    }

    pub(super) fn tell(&self, told: Told) {
        match translate(told) {
            Ok(Event::PermissionDenied(denial)) if self.denied(&denial) => {
                tracing::debug!(%denial, "was to be expected");
            }
            Ok(Event::ServerError { text }) if text.eq_ignore_ascii_case(MALFORMED) && self.marked() => {}
            Ok(event) => {
                if let (Event::ServerError { text }, Some(epoch)) = (&event, self.epoch())
                    && text.eq_ignore_ascii_case(FULL)
                {
                    epoch.full();
                }
                self.events.emit(&event);
            }
            Err(told) => tracing::debug!(event = %told, "async-nats"),
        }
    }

    fn epoch(&self) -> Option<Arc<Epoch>> {
        match &*lock(&self.epoch) {
            Target::Awaited(_) | Target::Nowhere => None,
            Target::There(epoch) => epoch.upgrade(),
        }
    }

    fn marked(&self) -> bool {
        self.epoch().is_some_and(|epoch| epoch.marked())
    }

    /// Tells the epoch, and returns whether nobody else needs to know.
    fn denied(&self, denial: &Denial) -> bool {
        let mut target = lock(&self.epoch);
        match &mut *target {
            Target::Awaited(early) => early.push(denial.clone()),
            Target::Nowhere => {}
            Target::There(epoch) => {
                if let Some(epoch) = epoch.upgrade() {
                    epoch.denied(denial);
                    return epoch.expects(denial);
                }
            }
        }
        false
    }
}

/// What is left is of no interest: a connection is one epoch, whose beginning and end are told elsewhere, and each
/// one ends with a vain attempt of the client's own to connect again.
fn translate(told: Told) -> Result<Event, Told> {
    Ok(match told {
        Told::LameDuckMode => Event::LameDuck,
        Told::SlowConsumer(_) | Told::ServerError(ServerError::SlowConsumer(_)) => Event::SlowConsumer,
        Told::ServerError(ServerError::AuthorizationViolation) => {
            Event::ServerError { text: "authorization violation".to_owned() }
        }
        Told::ServerError(ServerError::Other(text)) => match violation::parse(&text) {
            Some(denial) => Event::PermissionDenied(denial),
            None => Event::ServerError { text },
        },
        other => return Err(other),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use async_nats::{ClientError, Event as Told, ServerError};

    use super::Relay;
    use crate::transport::Events;

    #[test]
    fn what_matters_is_passed_on() {
        let (sender, receiver) = mpsc::channel();
        let relay = Relay::new(Events::to(move |event| sender.send(event.to_string()).unwrap()));
        let denied = r#"Permissions Violation for Publish to "a.b""#;
        for told in [
            Told::Connected,
            Told::Disconnected,
            Told::Draining,
            Told::Closed,
            Told::ClientError(ClientError::MaxReconnects),
            Told::SlowConsumer(7),
            Told::ServerError(ServerError::SlowConsumer(7)),
            Told::LameDuckMode,
            Told::ServerError(ServerError::AuthorizationViolation),
            Told::ServerError(ServerError::Other("Stale Connection".to_owned())),
            Told::ServerError(ServerError::Other(denied.to_owned())),
        ] {
            relay.tell(told);
        }
        drop(relay);
        let heard: Vec<_> = receiver.iter().collect();
        let starts = [
            "a subscription is full",
            "a subscription is full",
            "the server is about to stop",
            "the server reports an error: authorization violation",
            "the server reports an error: Stale Connection",
            "the NATS server does not let this user publish to \"a.b\": check the user's publish permissions",
        ];
        assert_eq!(heard.len(), starts.len(), "{heard:?}");
        for (text, start) in heard.iter().zip(starts) {
            assert!(text.starts_with(start), "{text:?} and {start:?}");
        }
    }
}
