use zstd::DEFAULT_COMPRESSION_LEVEL;
use zstd::stream::read::Decoder;

use super::{Codec, read};
use crate::wire::Encoding;

pub(super) const CODEC: Codec = Codec {
    encoding: Encoding::Zstd,
    compress: |message| zstd::bulk::compress(message, DEFAULT_COMPRESSION_LEVEL),
    decompress: |message, limit| read(Decoder::with_buffer(message)?, limit),
};
