//! Tokens and handles: a slot number in the low 24 bits, a random nonce in the 40 bits above.

use bytes::{BufMut as _, BytesMut};

/// The bits of the slot number.
pub const SLOT_BITS: u32 = 24;
/// The length of the text form.
pub const TEXT_LEN: usize = 16;

/// Puts a token together; bits that are too high are cut off.
#[must_use]
pub const fn new(slot: u32, nonce: u64) -> u64 {
    nonce << SLOT_BITS | (slot as u64 & ((1 << SLOT_BITS) - 1))
}

/// One of this slot that nobody guesses.
#[must_use]
pub(crate) fn random(slot: u32) -> u64 {
    loop {
        let token = new(slot, rand::random());
        if nonce(token) != 0 {
            return token;
        }
    }
}

/// The slot number of a token.
#[must_use]
pub const fn slot(token: u64) -> u32 {
    (token & ((1 << SLOT_BITS) - 1)) as u32
}

/// The nonce of a token.
#[must_use]
pub const fn nonce(token: u64) -> u64 {
    token >> SLOT_BITS
}

/// The text form: exactly 16 lower-case hexadecimal digits, the highest first.
#[must_use]
pub fn to_hex(token: u64) -> [u8; TEXT_LEN] {
    let mut text = [0; TEXT_LEN];
    for (i, digit) in text.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(token >> (60 - 4 * i) & 0xf) as usize];
    }
    text
}

/// Appends the text form.
pub fn write_hex(token: u64, out: &mut BytesMut) {
    out.put_slice(&to_hex(token));
}

/// What each byte stands for; 16 and more: nothing.
const DIGITS: [u8; 256] = {
    let mut digits = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// Reads the text form; anything but exactly 16 lower-case digits is none.
#[must_use]
pub fn parse_hex(text: &[u8]) -> Option<u64> {
    let text: &[u8; TEXT_LEN] = text.try_into().ok()?;
    let mut token = 0;
    let mut wrong = 0;
    for &byte in text {
        // All of it, without a branch for each: this is done for every message.
        let digit = DIGITS[byte as usize];
        wrong |= digit;
        token = token << 4 | u64::from(digit & 0xf);
    }
    (wrong < 0x10).then_some(token)
}

/// Reads the token at the end of a reply subject.
#[must_use]
pub fn of_subject(subject: &[u8]) -> Option<u64> {
    let (rest, text) = subject.split_last_chunk::<TEXT_LEN>()?;
    (rest.last() == Some(&b'.')).then(|| parse_hex(text))?
}
