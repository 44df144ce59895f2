use super::Epoch;
use crate::status::{Origin, Status};
use crate::transport::{Denial, Operation};

/// What the NATS server has refused on this connection.
impl Epoch {
    /// Takes notice of a denial.
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "the broker within the process refuses nothing")
    )]
    pub(crate) fn denied(&self, denial: &Denial) {
        match denial.operation {
            Operation::Publish if self.inbox.owns(&denial.subject) => self.refusals.add(denial),
            Operation::Publish => {
                self.inbox.denied(&denial.subject);
                self.audit.denied(denial);
            }
            Operation::Subscribe if denial.subject == self.inbox.malformed() => {
                self.marked();
            }
            Operation::Subscribe => {
                self.refusals.add(denial);
                // Without its inbox every call on the connection would time out.
                if self.inbox.owns(&denial.subject) {
                    let text = format!("{denial}, or the inbox prefix that the connection was built with");
                    let status = Status::permission_denied(text).with_origin(Origin::Transport);
                    let _ = self.failure.set(status);
                    self.end();
                }
            }
        }
    }

    /// Whether a denial was asked for, and so is of no interest to anybody else.
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "the broker within the process refuses nothing")
    )]
    pub(crate) fn expects(&self, denial: &Denial) -> bool {
        match denial.operation {
            Operation::Publish => self.inbox.owns(&denial.subject),
            Operation::Subscribe => denial.subject == self.inbox.malformed(),
        }
    }

    /// Takes notice that the server takes no more subscriptions.
    #[cfg_attr(
        not(feature = "nats"),
        expect(dead_code, reason = "the broker within the process takes any number")
    )]
    pub(crate) fn full(&self) {
        self.refusals.full();
    }

    /// Takes notice of a subscription that was malformed, and returns whether it was meant to be.
    pub(crate) fn marked(&self) -> bool {
        self.refusals.marked()
    }

    /// Waits until [`denied_subscriptions`](Self::denied_subscriptions) has all that were asked for before.
    ///
    /// # Errors
    /// UNAVAILABLE when the server does not say so in time, or the connection ends meanwhile; RESOURCE_EXHAUSTED when
    /// the server takes no more subscriptions.
    pub(crate) async fn refusals_known(&self) -> Result<(), Status> {
        let mark = self.inbox.malformed();
        // The end first: it may be because of what is known now.
        tokio::select! {
            biased;
            () = self.ended() => Err(self.failure()),
            known = self.refusals.complete(&self.link, &mark) => known,
        }
    }

    /// The subscriptions that the server has refused so far.
    pub(crate) fn denied_subscriptions(&self) -> Vec<Denial> {
        self.refusals.subscriptions()
    }
}
