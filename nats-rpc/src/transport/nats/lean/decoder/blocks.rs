use std::collections::VecDeque;

use bytes::BytesMut;

/// So many are looked after.
const KEPT: usize = 16;

/// Blocks of memory of one length, which are used again when nobody needs any more what is in them: memory that comes anew
/// from the system costs as much as what is read into it.
pub(super) struct Blocks {
    len: usize,
    /// One handle of each, the oldest first.
    handles: VecDeque<BytesMut>,
}

impl Blocks {
    pub(super) fn new(len: usize) -> Self {
        Self { len, handles: VecDeque::new() }
    }

    /// An empty one.
    pub(super) fn next(&mut self) -> BytesMut {
        let oldest = self.handles.front_mut().is_some_and(|oldest| oldest.try_reclaim(self.len));
        let block = if oldest { self.handles.pop_front() } else { None };
        let mut block = block.unwrap_or_else(|| BytesMut::with_capacity(self.len));
        if self.handles.len() == KEPT {
            // Whoever needs it for so long frees it.
            self.handles.pop_front();
        }
        self.handles.push_back(block.split_to(0));
        block
    }
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::{Blocks, KEPT};

    #[test]
    fn what_nobody_needs_is_used_again() {
        let mut blocks = Blocks::new(100);
        let mut first = blocks.next();
        let memory = first.as_ptr();
        first.put_slice(b"some text");
        let (kept, second) = (first.split_to(4).freeze(), blocks.next());
        drop(first);
        assert_ne!(blocks.next().as_ptr(), memory);
        drop((kept, second));
        let again = blocks.next();
        assert_eq!((again.as_ptr(), again.len(), again.capacity()), (memory, 0, 100));
    }

    #[test]
    fn what_is_needed_for_long_is_given_up() {
        let mut blocks = Blocks::new(100);
        let _kept = blocks.next();
        let others: Vec<_> = (0..KEPT).map(|_| blocks.next()).collect();
        let memory = others[0].as_ptr();
        drop(others);
        assert_eq!(blocks.next().as_ptr(), memory);
        assert_eq!(blocks.handles.len(), KEPT);
    }
}
