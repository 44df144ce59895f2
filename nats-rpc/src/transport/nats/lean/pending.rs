use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

use super::commands;
use crate::transport::Outgoing;

/// A longer payload is not copied.
const LONGEST_COPIED: usize = 4 * 1024;
/// So many pieces are handed to the system at once.
pub(super) const PIECES: usize = 64;

/// Bytes to be written, in order.
#[derive(Default)]
pub(super) struct Pending {
    /// Before `tail`.
    pieces: VecDeque<Bytes>,
    tail: BytesMut,
    len: usize,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn publish(&mut self, message: Outgoing) {
        self.write(|tail| commands::publish(&message, tail));
        self.add(message.payload);
        if let Some(body) = message.body {
            self.add(*body);
        }
        self.write(|tail| tail.extend_from_slice(b"\r\n"));
    }

    fn add(&mut self, bytes: Bytes) {
        if bytes.len() > LONGEST_COPIED {
            self.len += bytes.len();
            let before = self.tail.split().freeze();
            self.pieces.extend([before, bytes]);
        } else {
            self.write(|tail| tail.extend_from_slice(&bytes));
        }
    }

    /// Adds what `put` puts.
    pub(super) fn write(&mut self, put: impl FnOnce(&mut BytesMut)) {
        let before = self.tail.len();
        put(&mut self.tail);
        self.len += self.tail.len() - before;
    }

    /// Fills `slices` from the beginning and returns how many it took.
    pub(super) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>; PIECES]) -> usize {
        let mut count = 0;
        for piece in self.pieces.iter().map(|piece| &piece[..]).chain([&self.tail[..]]).take(PIECES) {
            slices[count] = IoSlice::new(piece);
            count += 1;
        }
        count
    }

    /// So much has been written.
    pub(super) fn advance(&mut self, mut count: usize) {
        self.len -= count;
        while let Some(first) = self.pieces.front_mut() {
            if count < first.len() {
                return first.advance(count);
            }
            count -= first.len();
            self.pieces.pop_front();
        }
        if count == self.tail.len() {
            // Room is kept.
            self.tail.clear();
        } else {
            self.tail.advance(count);
        }
    }

    /// Adds what comes after it, which is left empty.
    pub(super) fn append(&mut self, after: &mut Self) {
        if after.is_empty() {
            return;
        }
        if !self.tail.is_empty() {
            let tail = self.tail.split().freeze();
            self.pieces.push_back(tail);
        }
        self.pieces.append(&mut after.pieces);
        std::mem::swap(&mut self.tail, &mut after.tail);
        self.len += std::mem::take(&mut after.len);
    }
}

#[cfg(test)]
mod tests {
    use std::io::IoSlice;

    use super::{LONGEST_COPIED, PIECES, Pending};
    use crate::subject::Subject;
    use crate::transport::Outgoing;

    fn message(len: usize) -> Outgoing {
        Outgoing::new(Subject::from_static("a"), vec![b'x'; len].into())
    }

    fn expected(len: usize) -> Vec<u8> {
        [format!("PUB a {len}\r\n").as_bytes(), &vec![b'x'; len], b"\r\n"].concat()
    }

    /// Takes out at most `most` bytes, as a socket would.
    fn take(pending: &mut Pending, most: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let count = pending.slices(&mut slices);
        let taken: Vec<u8> =
            slices[..count].iter().flat_map(|slice| slice.iter().copied()).take(most).collect();
        pending.advance(taken.len());
        taken
    }

    #[test]
    fn what_was_added_comes_out_in_order_however_it_is_taken() {
        let lengths = [0, 5, LONGEST_COPIED, LONGEST_COPIED + 1, 3 * LONGEST_COPIED, 7, LONGEST_COPIED + 1];
        for most in [1, 3, 100, LONGEST_COPIED, usize::MAX] {
            let (mut pending, mut written) = (Pending::default(), Vec::new());
            for len in lengths {
                pending.publish(message(len));
                written.extend(take(&mut pending, most));
            }
            let mut after = Pending::default();
            lengths.into_iter().for_each(|len| after.publish(message(len)));
            pending.append(&mut after);
            assert!(after.is_empty());
            while !pending.is_empty() {
                written.extend(take(&mut pending, most));
            }
            let expected: Vec<u8> = [lengths, lengths].concat().into_iter().flat_map(expected).collect();
            assert!(written == expected, "{most} at a time: {} of {}", written.len(), expected.len());
        }
    }

    #[test]
    fn a_body_comes_after_its_frame() {
        for len in [1, LONGEST_COPIED + 1] {
            let mut pending = Pending::default();
            let body = Some(Box::new(vec![b'y'; len].into()));
            pending.publish(Outgoing { body, ..message(3) });
            let expected =
                [format!("PUB a {}\r\nxxx", len + 3).as_bytes(), &vec![b'y'; len], b"\r\n"].concat();
            assert_eq!(pending.len(), expected.len());
            assert!(take(&mut pending, usize::MAX) == expected);
        }
    }

    #[test]
    fn more_pieces_than_are_written_at_once_wait() {
        let mut pending = Pending::default();
        for _ in 0..PIECES {
            pending.publish(message(LONGEST_COPIED + 1));
        }
        let mut written = take(&mut pending, usize::MAX);
        assert!(!pending.is_empty());
        while !pending.is_empty() {
            written.extend(take(&mut pending, usize::MAX));
        }
        assert!(written == expected(LONGEST_COPIED + 1).repeat(PIECES));
    }
}
