use super::replay::Replay;
use crate::raw::{Body, Call};

/// What the attempts at a call are made of.
#[derive(Debug)]
pub(super) struct Kept {
    /// Without its requests, if they are a stream.
    pub(super) call: Call,
    stream: Option<Replay>,
}

const NO_STREAM: &str = "its stream was taken";

impl Kept {
    /// Keeps a call that is about to be made, and up to `room` bytes of a stream of requests.
    #[inline]
    pub(super) fn new(call: &mut Call, room: usize) -> Self {
        let stream = call.take_stream().map(|stream| Replay::new(stream, room));
        let kept = Self { call: call.try_clone().expect(NO_STREAM), stream };
        if let Some(stream) = &kept.stream {
            call.set_body(Body::Stream(stream.attempt()));
        }
        kept
    }

    /// The call for another attempt.
    pub(super) fn attempt(&self) -> Call {
        let call = self.call.try_clone().expect(NO_STREAM);
        match &self.stream {
            Some(stream) => call.with_body(Body::Stream(stream.attempt())),
            None => call,
        }
    }

    /// The current attempt is over. Returns whether there can be another one.
    pub(super) fn rewind(&self) -> bool {
        self.stream.as_ref().is_none_or(Replay::rewind)
    }

    /// There will be no other attempt.
    pub(super) fn commit(&self) {
        self.stream.iter().for_each(Replay::commit);
    }
}
