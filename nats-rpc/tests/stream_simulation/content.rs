//! What messages hold: which call they are of, which way they go, and their number, over and over.

use bytes::Bytes;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// Message number `n` of a call, of this length. No two messages of a run begin in the same way.
pub(crate) fn message(call: usize, direction: Direction, n: usize, len: usize) -> Bytes {
    let mut block = [0xa5; 16];
    block[..4].copy_from_slice(&(call as u32).to_be_bytes());
    block[4] = direction as u8;
    block[5..9].copy_from_slice(&(n as u32).to_be_bytes());
    let mut all = block.repeat(len.div_ceil(block.len()));
    all.truncate(len);
    all.into()
}

/// Compares a message with the one that has to come next.
///
/// # Errors
/// It is another one.
pub(crate) fn check(
    call: usize,
    direction: Direction,
    n: usize,
    sizes: &[usize],
    message: &[u8],
) -> Result<(), String> {
    let Some(len) = sizes.get(n) else {
        return Err(format!("{direction:?} {n} of {} bytes was never sent", message.len()));
    };
    if self::message(call, direction, n, *len) != message {
        let begins = &message[..message.len().min(16)];
        return Err(format!("{direction:?} {n} has {} bytes, not {len}: {begins:?}", message.len()));
    }
    Ok(())
}
