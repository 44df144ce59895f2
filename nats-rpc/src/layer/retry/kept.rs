use std::fmt;

use bytes::Bytes;

use super::replay::Replay;
use crate::raw::{Body, Call};

/// What the attempts at a call are made of.
#[derive(Debug)]
pub(super) struct Kept {
    /// Without its body.
    pub(super) call: Call,
    requests: Requests,
}

enum Requests {
    One(Bytes),
    Stream(Replay),
}

impl Kept {
    /// Keeps the call, and up to `room` bytes of a stream of requests.
    #[inline]
    pub(super) fn new(mut call: Call, room: usize) -> Self {
        let requests = match call.take_body() {
            Body::Unary(message) => Requests::One(message),
            Body::Stream(stream) => Requests::Stream(Replay::new(stream, room)),
        };
        Self { call, requests }
    }

    /// The call for the current attempt.
    pub(super) fn attempt(&self) -> Call {
        self.call.copy(match &self.requests {
            Requests::One(message) => Body::Unary(message.clone()),
            Requests::Stream(requests) => Body::Stream(requests.attempt()),
        })
    }

    /// The current attempt is over. Returns whether there can be another one.
    pub(super) fn rewind(&self) -> bool {
        match &self.requests {
            Requests::One(_) => true,
            Requests::Stream(requests) => requests.rewind(),
        }
    }

    /// There will be no other attempt.
    pub(super) fn commit(&self) {
        if let Requests::Stream(requests) = &self.requests {
            requests.commit();
        }
    }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(message) => write!(f, "One({} bytes)", message.len()),
            Self::Stream(requests) => requests.fmt(f),
        }
    }
}
