use super::replay::Replay;
use crate::raw::{Body, Call};

/// What further attempts at a call are made of.
#[derive(Debug)]
pub(super) struct Kept {
    /// Without its body, if that is a stream.
    pub(super) call: Call,
    requests: Option<Replay>,
}

impl Kept {
    /// Keeps the call, and up to `room` bytes of a stream of requests.
    pub(super) fn new(mut call: Call, room: usize) -> Self {
        let requests = match call.take_body() {
            Body::Stream(stream) => Some(Replay::new(stream, room)),
            message @ Body::Unary(_) => {
                call = call.with_body(message);
                None
            }
        };
        Self { call, requests }
    }

    /// The call for the current attempt.
    pub(super) fn attempt(&self) -> Call {
        let call = self.call.try_clone().expect("a stream was taken out of it");
        match &self.requests {
            None => call,
            Some(requests) => call.with_body(Body::Stream(requests.attempt())),
        }
    }

    /// The current attempt is over. Returns whether there can be another one.
    pub(super) fn rewind(&self) -> bool {
        self.requests.as_ref().is_none_or(Replay::rewind)
    }

    /// There will be no other attempt.
    pub(super) fn commit(&self) {
        self.requests.iter().for_each(Replay::commit);
    }
}
