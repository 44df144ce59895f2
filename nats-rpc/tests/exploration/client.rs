//! The caller's end: from the OPEN until nothing is held for the call any more.

use crate::end::{End, Over, Read, Wrong};
use crate::frame::{Answer, Entry, Frame};
use crate::setup::Setup;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::large_enum_variant,
    reason = "millions of them are cloned and hashed: a box would cost more"
)]
pub(crate) enum Client {
    Calling(Calling),
    /// Given up before it was accepted: the slot waits for an ACCEPT, to answer it with CANCEL.
    Tombstone(Outcome),
    Ended(Outcome),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Calling {
    pub(crate) end: End,
    /// The ACCEPT has come: the other end is known, and is asked after the call.
    pub(crate) accepted: bool,
    /// What it ends with as soon as all that has arrived is read.
    pub(crate) lost: Option<Outcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Ok,
    /// The service said so.
    Failed,
    FrameLost,
    Cancelled,
    Disconnected,
    /// Neither an answer nor an ACCEPT came.
    NotAccepted,
    /// The instance is gone.
    PeerLost,
    /// The instance does not have the call.
    Unknown,
    /// At a server: nobody asks after the call.
    Orphaned,
}

impl Client {
    pub(crate) fn new(setup: &Setup) -> Self {
        let end = End::client(
            setup.window,
            setup.requests,
            setup.in_open,
            setup.opened_with(),
            setup.end_with_last,
        );
        Self::Calling(Calling { end, accepted: false, lost: None })
    }

    pub(crate) fn calling(&self) -> Option<&Calling> {
        match self {
            Self::Calling(calling) => Some(calling),
            Self::Tombstone(_) | Self::Ended(_) => None,
        }
    }

    pub(crate) fn calling_mut(&mut self) -> Option<&mut Calling> {
        match self {
            Self::Calling(calling) => Some(calling),
            Self::Tombstone(_) | Self::Ended(_) => None,
        }
    }

    /// What it lists in a PING, if it does.
    pub(crate) fn lists(&self) -> Option<Entry> {
        let calling = self
            .calling()
            .filter(|calling| calling.accepted && calling.lost.is_none() && calling.end.over.is_none());
        calling.map(|calling| calling.end.entry())
    }

    /// Ends the call. Returns a CANCEL, if the server is to be told.
    pub(crate) fn finish(&mut self, outcome: Outcome) -> Result<Option<Frame>, Wrong> {
        let Self::Calling(calling) = self else { return Err(format!("{outcome:?}, but it had ended")) };
        let server_knows =
            matches!(outcome, Outcome::Ok | Outcome::Failed | Outcome::Unknown | Outcome::Disconnected);
        let cancel = (calling.accepted && !server_knows).then_some(Frame::Cancel);
        *self =
            if calling.accepted || server_knows { Self::Ended(outcome) } else { Self::Tombstone(outcome) };
        Ok(cancel)
    }

    /// Takes a frame from the inbox. Returns what it is answered with.
    pub(crate) fn deliver(&mut self, frame: &Frame) -> Result<Option<Frame>, Wrong> {
        match (&mut *self, frame) {
            // Whoever has ended the call is reminded of it by the calls that it still has.
            (Self::Tombstone(_) | Self::Ended(_), Frame::Pong(Answer::Unlisted)) => Ok(Some(Frame::Cancel)),
            (Self::Tombstone(outcome), Frame::Accept { .. } | Frame::Terminal { .. }) => {
                *self = Self::Ended(*outcome);
                Ok(matches!(frame, Frame::Accept { .. }).then_some(Frame::Cancel))
            }
            (Self::Tombstone(_) | Self::Ended(_), _) => Ok(None),
            (Self::Calling(calling), frame) => calling.deliver(frame),
        }
    }

    /// Gives the caller what has arrived next. Returns what that is answered with; `None`: there is nothing.
    pub(crate) fn read(&mut self, answered_with: Option<u8>) -> Result<Option<Vec<Frame>>, Wrong> {
        let Self::Calling(calling) = self else { return Ok(None) };
        if let Some((read, credit)) = calling.end.read()? {
            let delivered = calling.end.delivered;
            return match read {
                Read::Terminal { ok: true } if answered_with != Some(delivered) => {
                    Err(format!("OK after {delivered} messages, but {answered_with:?} were sent"))
                }
                Read::Terminal { ok: true } => self.leave(Outcome::Ok),
                Read::Terminal { ok: false } => self.leave(Outcome::Failed),
                Read::Head | Read::Message => {
                    Ok(Some(credit.filter(|_| calling.accepted).into_iter().collect()))
                }
                Read::End => Err("a server does not half-close".to_owned()),
            };
        }
        match (calling.end.over, calling.lost) {
            (Some(Over::Broken), _) => self.leave(Outcome::FrameLost),
            (_, Some(outcome)) => self.leave(outcome),
            _ => Ok(None),
        }
    }

    fn leave(&mut self, outcome: Outcome) -> Result<Option<Vec<Frame>>, Wrong> {
        Ok(Some(self.finish(outcome)?.into_iter().collect()))
    }
}

impl Calling {
    fn deliver(&mut self, frame: &Frame) -> Result<Option<Frame>, Wrong> {
        match frame {
            Frame::Accept { credit } => {
                if !self.accepted {
                    self.accepted = true;
                    self.end.allow(*credit);
                }
            }
            Frame::Head { .. } | Frame::Data { .. } if !self.accepted && self.end.over.is_none() => {
                // The ACCEPT goes before these.
                self.end.break_off();
            }
            Frame::Pong(Answer::Held(theirs)) if self.accepted => self.end.audit(*theirs)?,
            Frame::Pong(Answer::Unknown) if self.accepted => {
                self.lost.get_or_insert(Outcome::Unknown);
            }
            Frame::Pong(_) => {}
            // Without the other end's name there is nowhere to send credit to.
            frame => return Ok(self.end.deliver(frame)?.filter(|_| self.accepted)),
        }
        Ok(None)
    }
}
