use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::{Delivery, Epoch, Flow};
use crate::status::Status;
use crate::subject::Subject;

/// A place where answers to one message arrive, given back when dropped.
pub(crate) struct Ticket {
    epoch: Arc<Epoch>,
    token: u64,
    abandoned: bool,
}

impl Ticket {
    /// For what is about to be sent to `subject`.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when 16 million calls are waiting already, UNAVAILABLE when the connection has ended.
    pub(crate) fn open(epoch: Arc<Epoch>, subject: Subject, alarm: Option<Instant>) -> Result<Self, Status> {
        let token = epoch
            .inbox()
            .open(subject, alarm)
            .ok_or_else(|| Status::resource_exhausted("16 million calls are waiting on this connection"))?;
        let ticket = Self { epoch, token, abandoned: false };
        // With the slot taken, an end of the connection from here on reaches it.
        if ticket.epoch.has_ended() {
            return Err(ticket.epoch.failure());
        }
        Ok(ticket)
    }

    pub(crate) fn epoch(&self) -> &Arc<Epoch> {
        &self.epoch
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn reply_subject(&self) -> Subject {
        self.epoch.inbox().reply_subject(self.token)
    }

    /// Lets frames of a stream go to `flow`.
    pub(crate) fn attach(&self, flow: &Arc<Flow>) {
        self.epoch.inbox().attach(self.token, flow);
    }

    /// Sets the time for [`Delivery::Alarm`] anew.
    pub(crate) fn set_alarm(&self, alarm: Option<Instant>) {
        self.epoch.inbox().set_alarm(self.token, alarm);
    }

    pub(crate) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Delivery> {
        self.epoch.inbox().poll(self.token, cx)
    }

    pub(crate) async fn recv(&self) -> Delivery {
        std::future::poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Gives the call up, which the server does not know how to be told of yet: the slot waits until `alarm` for an
    /// ACCEPT, which is then answered with CANCEL.
    pub(crate) fn abandon(mut self, alarm: Instant) {
        self.abandoned = true;
        self.epoch.abandon(self.token, alarm);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.abandoned {
            self.epoch.inbox().close(self.token);
        }
    }
}
