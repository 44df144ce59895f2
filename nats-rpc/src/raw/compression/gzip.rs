use std::io::{self, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Codec, read};
use crate::wire::Encoding;

pub(super) const CODEC: Codec = Codec {
    encoding: Encoding::Gzip,
    compress,
    decompress: |message, limit| read(MultiGzDecoder::new(message), limit),
};

fn compress(message: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(message)?;
    encoder.finish()
}
