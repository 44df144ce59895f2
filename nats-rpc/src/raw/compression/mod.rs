#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "zstd")]
mod zstandard;

use std::fmt;
use std::io::{self, Read};

use bytes::Bytes;

use crate::status::{Reason, Status};
use crate::wire::Encoding;

/// Shorter messages hardly get any shorter.
const SHORTEST: usize = 1024;

/// All that can be read here.
const CODECS: &[Codec] = &[
    #[cfg(feature = "gzip")]
    gzip::CODEC,
    #[cfg(feature = "zstd")]
    zstandard::CODEC,
];

/// How messages are compressed, each by itself.
///
/// A side compresses what it sends if it was told to and the other can read it: whatever was compiled in can be read.
/// Messages under 1 KiB, and those that would not get shorter, go as they are. Do not compress secrets together with
/// what an attacker chooses (CRIME, BREACH).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Compression(Encoding);

#[derive(Clone, Copy)]
struct Codec {
    encoding: Encoding,
    compress: fn(&[u8]) -> io::Result<Vec<u8>>,
    /// Up to one byte more than the limit.
    decompress: fn(&[u8], usize) -> io::Result<Vec<u8>>,
}

impl Compression {
    /// gzip (RFC 1952).
    #[cfg(feature = "gzip")]
    pub const GZIP: Self = Self(Encoding::Gzip);
    /// Zstandard (RFC 8878): mostly faster and smaller.
    #[cfg(feature = "zstd")]
    pub const ZSTD: Self = Self(Encoding::Zstd);

    /// What can be read here, as bits of a frame's header.
    pub(crate) fn readable() -> u32 {
        CODECS.iter().fold(0, |bits, codec| bits | codec.encoding.bit())
    }

    /// Whether messages of this encoding can be read here.
    pub(super) fn reads(encoding: u32) -> bool {
        encoding == 0 || codec(encoding).is_some()
    }

    /// Its bit in what a peer can read.
    pub(super) fn bit(self) -> u32 {
        self.0.bit()
    }

    /// The compressed message and the number of the encoding, if that is worth it.
    pub(super) fn compress(self, message: &Bytes) -> Option<(Bytes, u32)> {
        let codec = codec(self.0.number()).filter(|_| message.len() >= SHORTEST)?;
        let compressed = (codec.compress)(message).ok()?;
        (compressed.len() < message.len()).then(|| (compressed.into(), self.0.number()))
    }
}

impl fmt::Debug for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compression::{:?}", self.0)
    }
}

fn codec(encoding: u32) -> Option<&'static Codec> {
    CODECS.iter().find(|codec| codec.encoding.number() == encoding)
}

/// The message as it was before it was compressed.
///
/// # Errors
/// RESOURCE_EXHAUSTED when it is longer than the limit, INTERNAL when it can't be read.
pub(super) fn decompress(encoding: u32, message: Bytes, limit: usize) -> Result<Bytes, Status> {
    if encoding == 0 {
        return if message.len() > limit { Err(too_large(limit)) } else { Ok(message) };
    }
    let Some(codec) = codec(encoding) else {
        let text = format!("a message is compressed in a way that is not known here: {encoding}");
        return Err(Status::internal(text).with_reason(Reason::Decode));
    };
    let decompressed = (codec.decompress)(&message, limit).map_err(|error| {
        Status::internal(format!("a compressed message is broken: {error}")).with_reason(Reason::Decode)
    })?;
    if decompressed.len() > limit { Err(too_large(limit)) } else { Ok(decompressed.into()) }
}

fn too_large(limit: usize) -> Status {
    Status::resource_exhausted(format!("a message is over the limit of {limit} bytes"))
        .with_reason(Reason::TooLarge)
}

/// Reads no more than one byte beyond the limit: a small message may hold a very large one.
#[cfg_attr(not(any(feature = "gzip", feature = "zstd")), expect(dead_code, reason = "nothing is compressed"))]
fn read(decoder: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut message)?;
    Ok(message)
}

#[cfg(all(test, any(feature = "gzip", feature = "zstd")))]
mod tests {
    use bytes::Bytes;

    use super::{CODECS, Compression, decompress};
    use crate::status::Code;

    #[test]
    fn what_was_compressed_is_read_again() {
        let message = Bytes::from("Ada ".repeat(10_000));
        for one in CODECS.iter().map(|codec| Compression(codec.encoding)) {
            let (compressed, encoding) = one.compress(&message).unwrap();
            assert!(compressed.len() < message.len() / 10, "{one:?}: {}", compressed.len());
            assert_eq!(decompress(encoding, compressed, message.len()).unwrap(), message);
        }
    }

    #[test]
    fn what_would_not_get_shorter_stays_as_it_is() {
        let random: Vec<u8> = (0..10_000).map(|_| rand::random()).collect();
        for one in CODECS.iter().map(|codec| Compression(codec.encoding)) {
            assert_eq!(one.compress(&Bytes::from(random.clone())), None);
            assert_eq!(one.compress(&Bytes::from_static(&[0; 1000])), None);
        }
    }

    #[test]
    fn a_bomb_is_not_unpacked() {
        for one in CODECS.iter().map(|codec| Compression(codec.encoding)) {
            let (bomb, encoding) = one.compress(&Bytes::from(vec![0; 100 << 20])).unwrap();
            let status = decompress(encoding, bomb, 1 << 20).unwrap_err();
            assert_eq!(status.code(), Code::ResourceExhausted);
        }
    }

    #[test]
    fn what_is_broken_or_unknown_is_internal() {
        for one in CODECS.iter().map(|codec| Compression(codec.encoding)) {
            let (whole, encoding) = one.compress(&Bytes::from("Ada ".repeat(10_000))).unwrap();
            let cut = whole.slice(..whole.len() / 2);
            for broken in [cut, Bytes::from_static(b"no"), Bytes::from_static(&[0xff; 100])] {
                let status = decompress(encoding, broken, 1 << 20).unwrap_err();
                assert_eq!(status.code(), Code::Internal, "{one:?}");
            }
        }
        assert_eq!(decompress(77, Bytes::new(), 1).unwrap_err().code(), Code::Internal);
    }
}
