use std::sync::LazyLock;

use nats_rpc::Status;

use crate::proto::Piece;

/// Longer than any message.
const LENGTH: usize = 5 << 20;
/// Pieces that follow each other begin at different places.
const PLACES: u64 = 4096;

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(LENGTH / 8).flatten().collect()
});

fn bytes(number: u64, length: usize) -> &'static [u8] {
    let place = usize::try_from(number.wrapping_mul(7919) % PLACES).unwrap_or_default();
    &BYTES[place..place + length]
}

impl Piece {
    /// The piece with this number.
    #[must_use]
    pub fn new(number: u64, length: usize) -> Self {
        Self { number, payload: bytes(number, length).to_vec() }
    }

    /// Sees that it is the piece with this number, and none of it is wrong.
    ///
    /// # Errors
    /// DATA_LOSS when it is not.
    pub fn check(&self, number: u64) -> Result<(), Status> {
        let length = self.payload.len();
        if self.number == number && self.payload == bytes(number, length) {
            return Ok(());
        }
        Err(Status::data_loss(format!("piece {} of {length} bytes is not piece {number}", self.number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_piece_is_noticed() {
        for number in [0, 1, 4096, u64::MAX] {
            let piece = Piece::new(number, 100_000);
            piece.check(number).unwrap();
            piece.check(number.wrapping_add(1)).unwrap_err();
            let mut wrong = piece.clone();
            wrong.payload[99_999] ^= 1;
            wrong.check(number).unwrap_err();
            wrong.payload.truncate(99_999);
            wrong.check(number).unwrap();
        }
    }
}
