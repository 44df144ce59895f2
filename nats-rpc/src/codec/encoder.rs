use std::fmt;

use bytes::{Bytes, BytesMut};

use super::Encode;
use crate::status::Status;

/// Larger messages get an allocation of their own: a slice keeps its whole block alive.
const SHARED: usize = 1024;
const BLOCK: usize = 4 * 1024;
/// What is kept free for a message whose length is not known.
const UNKNOWN: usize = 128;

/// Encodes the messages of one stream, whatever its codec.
///
/// Small ones are cut from a block of the stream's own, unlike those of unary calls: they may have to wait for a slow
/// reader, and would keep the blocks of all that goes on beside them alive.
pub(crate) struct Encoder<T> {
    block: BytesMut,
    encode: fn(&T, &mut BytesMut) -> Result<(), Status>,
    encoded_len: fn(&T) -> usize,
}

impl<T> Encoder<T> {
    pub(crate) fn of<C: Encode<T>>() -> Self {
        Self { block: BytesMut::new(), encode: C::encode, encoded_len: C::encoded_len }
    }

    /// # Errors
    /// INTERNAL when the message can't be represented.
    pub(crate) fn encode(&mut self, message: &T) -> Result<Bytes, Status> {
        let len = (self.encoded_len)(message);
        if len > SHARED {
            let mut own = BytesMut::with_capacity(len);
            (self.encode)(message, &mut own)?;
            return Ok(own.freeze());
        }
        // One that failed or panicked may have left something behind.
        self.block.clear();
        if self.block.capacity() < len.max(UNKNOWN) {
            self.block.reserve(BLOCK);
        }
        (self.encode)(message, &mut self.block)?;
        Ok(self.block.split().freeze())
    }
}

impl<T> fmt::Debug for Encoder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoder")
    }
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, BytesMut};

    use super::{Encode, Encoder};
    use crate::status::Status;

    struct Raw;

    impl Encode<&'static [u8]> for Raw {
        fn encode(message: &&'static [u8], buffer: &mut BytesMut) -> Result<(), Status> {
            buffer.put_slice(message);
            if message.starts_with(b"bad") { Err(Status::internal("bad")) } else { Ok(()) }
        }

        fn encoded_len(_: &&'static [u8]) -> usize {
            0
        }
    }

    #[test]
    fn what_failed_leaves_nothing_behind() {
        let mut encoder = Encoder::of::<Raw>();
        assert!(encoder.encode(&&b"bad"[..]).is_err());
        assert_eq!(encoder.encode(&&b"good"[..]).unwrap(), "good");
    }

    #[test]
    fn lengths_that_are_not_known_do_no_harm() {
        static LONG: [u8; 50_000] = [7; 50_000];
        let mut encoder = Encoder::of::<Raw>();
        for _ in 0..3 {
            assert_eq!(encoder.encode(&&LONG[..]).unwrap(), &LONG[..]);
            assert_eq!(encoder.encode(&&b""[..]).unwrap(), "");
            assert_eq!(encoder.encode(&&b"short"[..]).unwrap(), "short");
        }
    }
}
