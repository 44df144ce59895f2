use tokio::sync::watch;

use super::{Denial, Operation};

/// What the server has refused in one epoch.
#[derive(Default)]
pub(crate) struct Refusals(watch::Sender<Refused>);

#[derive(Default)]
struct Refused {
    subscriptions: Vec<Denial>,
    /// Subjects of the own inbox that could not be published to: few, because only barriers do that.
    own: Vec<String>,
}

impl Refusals {
    /// Remembers a denial. Of publishing only what was meant for the own inbox is of interest.
    pub(crate) fn add(&self, denial: &Denial) {
        self.0.send_modify(|refused| match denial.operation {
            Operation::Publish => refused.own.push(denial.subject.clone()),
            Operation::Subscribe if refused.subscriptions.contains(denial) => {}
            Operation::Subscribe => refused.subscriptions.push(denial.clone()),
        });
    }

    pub(crate) fn subscriptions(&self) -> Vec<Denial> {
        self.0.borrow().subscriptions.clone()
    }

    /// Waits until publishing to this subject of the own inbox has been refused.
    pub(crate) async fn of_own(&self, subject: &str) {
        let mut receiver = self.0.subscribe();
        if receiver.wait_for(|refused| refused.own.iter().any(|own| own == subject)).await.is_err() {
            // The sender lives as long as `self`.
            std::future::pending::<()>().await;
        }
    }
}
