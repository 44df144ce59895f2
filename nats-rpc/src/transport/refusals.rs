use std::time::Duration;

use tokio::sync::{Mutex, watch};

use super::link::Link;
use super::{Denial, Operation};
use crate::status::{Origin, Status};

/// How long the server may take to refuse the mark.
const LIMIT: Duration = Duration::from_secs(10);

/// What the server has refused in one epoch.
///
/// Refusals come in order, but by another way than messages, so the answer to a barrier may overtake them. What
/// does not is another refusal: the mark is a subscription that no server accepts, whoever the user is.
#[derive(Default)]
pub(crate) struct Refusals {
    refused: watch::Sender<Refused>,
    /// How many marks were set. Locked while waiting for one.
    marks: Mutex<u64>,
}

#[derive(Default)]
struct Refused {
    subscriptions: Vec<Denial>,
    /// Subjects of the own inbox that could not be published to: few, because only barriers do that.
    own: Vec<String>,
    /// How many marks have been refused.
    marks: u64,
    awaited: u64,
    /// Whether the server takes no more subscriptions: it does not say which ones it left out.
    full: bool,
}

impl Refusals {
    /// Remembers a denial. Of publishing only what was meant for the own inbox is of interest.
    pub(crate) fn add(&self, denial: &Denial) {
        self.refused.send_modify(|refused| match denial.operation {
            Operation::Publish => refused.own.push(denial.subject.clone()),
            Operation::Subscribe if refused.subscriptions.contains(denial) => {}
            Operation::Subscribe => refused.subscriptions.push(denial.clone()),
        });
    }

    pub(crate) fn subscriptions(&self) -> Vec<Denial> {
        self.refused.borrow().subscriptions.clone()
    }

    /// Waits until publishing to this subject of the own inbox has been refused.
    pub(crate) async fn of_own(&self, subject: &str) {
        let mut receiver = self.refused.subscribe();
        if receiver.wait_for(|refused| refused.own.iter().any(|own| own == subject)).await.is_err() {
            // The sender lives as long as `self`.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until all is known that the server has refused of what it was asked before.
    ///
    /// # Errors
    /// UNAVAILABLE when it does not say so in time, RESOURCE_EXHAUSTED when it takes no more subscriptions.
    pub(crate) async fn complete(&self, link: &Link, mark: &str) -> Result<(), Status> {
        let mut marks = self.marks.lock().await;
        *marks += 1;
        let count = *marks;
        self.refused.send_modify(|refused| refused.awaited = count);
        if !link.mark(mark).await {
            return Ok(());
        }
        let mut receiver = self.refused.subscribe();
        let known = receiver.wait_for(|refused| refused.marks >= count || refused.full);
        match tokio::time::timeout(LIMIT, known).await {
            Ok(Ok(refused)) if refused.full => Err(Status::resource_exhausted(
                "the NATS server takes no more subscriptions on this connection: see max_subscriptions in its \
                 configuration, and the limits of the account",
            )
            .with_origin(Origin::Transport)),
            Ok(_) => Ok(()),
            Err(_) => Err(Status::transport(format!(
                "the NATS server has not said within {LIMIT:?} what became of the subscriptions"
            ))),
        }
    }

    /// Takes notice that the server takes no more subscriptions.
    pub(crate) fn full(&self) {
        self.refused.send_modify(|refused| refused.full = true);
    }

    /// Takes notice of a subscription that was malformed, and returns whether that was a mark.
    pub(crate) fn marked(&self) -> bool {
        self.refused.send_if_modified(|refused| {
            let awaited = refused.marks < refused.awaited;
            refused.marks += u64::from(awaited);
            awaited
        })
    }
}
