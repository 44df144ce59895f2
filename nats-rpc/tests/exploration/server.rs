//! The handler's end: from the OPEN until nothing is held for the call any more.

use crate::client::Outcome;
use crate::end::{End, Over, Read, Wrong};
use crate::frame::{Answer, Frame};
use crate::setup::Setup;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::large_enum_variant,
    reason = "millions of them are cloned and hashed: a box would cost more"
)]
pub(crate) enum Server {
    /// The OPEN has not come.
    Waiting,
    Running(Running),
    Ended(Outcome),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Running {
    pub(crate) end: End,
    /// The ACCEPT was sent.
    pub(crate) accepted: bool,
    head_is_due: bool,
    /// The reader has come to the half-close.
    has_read_all: bool,
}

impl Server {
    pub(crate) fn running(&self) -> Option<&Running> {
        match self {
            Self::Running(running) => Some(running),
            Self::Waiting | Self::Ended(_) => None,
        }
    }

    pub(crate) fn running_mut(&mut self) -> Option<&mut Running> {
        match self {
            Self::Running(running) => Some(running),
            Self::Waiting | Self::Ended(_) => None,
        }
    }

    /// Takes the OPEN. Returns the ACCEPT, when the caller waits for it.
    pub(crate) fn open(&mut self, setup: &Setup) -> Result<Option<Frame>, Wrong> {
        if *self != Self::Waiting {
            return Err("the OPEN came twice".to_owned());
        }
        let came = &setup.requests[..usize::from(setup.in_open)];
        let ended = setup.end_with_last && came.len() == setup.requests.len();
        let end = End::server(setup.window, setup.responses, setup.in_open, came, ended);
        let mut running = Running { end, accepted: false, head_is_due: setup.head, has_read_all: false };
        let accept = if ended { None } else { running.accept() };
        *self = Self::Running(running);
        Ok(accept)
    }

    /// Ends the call. Returns the TERMINAL, when there is somebody to be told.
    pub(crate) fn finish(&mut self, outcome: Outcome) -> Result<Option<Frame>, Wrong> {
        let Self::Running(running) = self else { return Err(format!("{outcome:?}, but it does not run")) };
        let caller_knows = matches!(outcome, Outcome::Cancelled | Outcome::Disconnected);
        let terminal = (!caller_knows).then(|| running.end.terminal(outcome == Outcome::Ok));
        *self = Self::Ended(outcome);
        Ok(terminal)
    }

    /// Takes a frame from `_i`. Returns what it is answered with.
    pub(crate) fn deliver(&mut self, frame: &Frame) -> Result<Option<Frame>, Wrong> {
        match (&mut *self, frame) {
            (Self::Running(running), Frame::Ping(Some(theirs))) => {
                running.end.audit(*theirs)?;
                Ok(Some(Frame::Pong(Answer::Held(running.end.entry()))))
            }
            (_, Frame::Ping(Some(_))) => Ok(Some(Frame::Pong(Answer::Unknown))),
            (Self::Running(_), Frame::Ping(None)) => Ok(Some(Frame::Pong(Answer::Unlisted))),
            (_, Frame::Ping(None)) => Ok(Some(Frame::Pong(Answer::Nothing))),
            (Self::Running(_), Frame::Cancel) => self.finish(Outcome::Cancelled),
            (Self::Running(running), frame) => running.end.deliver(frame),
            _ => Ok(None),
        }
    }
}

impl Running {
    /// Tells the caller that its call runs here, unless it was told.
    pub(crate) fn accept(&mut self) -> Option<Frame> {
        let first = !std::mem::replace(&mut self.accepted, true);
        first.then(|| Frame::Accept { credit: self.end.entry().credit })
    }

    /// Gives the handler what has arrived next. Returns what that is answered with; `None`: there is nothing.
    pub(crate) fn read(&mut self, setup: &Setup) -> Result<Option<Vec<Frame>>, Wrong> {
        if self.end.over.is_some() || self.end.discards() {
            return Ok(None);
        }
        let Some((read, credit)) = self.end.read()? else { return Ok(None) };
        if read == Read::End {
            self.has_read_all = true;
            if usize::from(self.end.delivered) != setup.requests.len() {
                return Err(format!("the requests ended after {}", self.end.delivered));
            }
        }
        Ok(Some(credit.into_iter().collect()))
    }

    /// Sends what the handler has next: the HEAD, then messages, and the ACCEPT before all of it.
    pub(crate) fn send(&mut self) -> Vec<Frame> {
        if self.end.over.is_some() {
            return Vec::new();
        }
        if self.head_is_due && !self.end.has_sent_all() {
            self.head_is_due = false;
            return self.accept().into_iter().chain([self.end.send_head()]).collect();
        }
        let Some(data) = self.end.send() else { return Vec::new() };
        self.accept().into_iter().chain([data]).collect()
    }

    /// Whether the handler has done all that it does.
    pub(crate) fn is_done(&self) -> bool {
        self.end.over.is_none() && self.end.has_sent_all() && (self.has_read_all || self.end.discards())
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.end.over == Some(Over::Broken)
    }
}
