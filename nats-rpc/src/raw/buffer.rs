use std::cell::RefCell;

use bytes::{Bytes, BytesMut};

/// Larger ones get an allocation of their own: a slice keeps its whole block alive.
const SHARED: usize = 2 * 1024;
const BLOCK: usize = 32 * 1024;

thread_local! {
    static BLOCKS: RefCell<BytesMut> = RefCell::new(BytesMut::with_capacity(BLOCK));
}

/// Builds bytes of about `len`. Small ones are cut from a block of the thread, which is used again once all its
/// slices are gone, so that most of them allocate nothing.
pub(crate) fn build<E>(len: usize, write: impl FnOnce(&mut BytesMut) -> Result<(), E>) -> Result<Bytes, E> {
    if len > SHARED {
        let mut own = BytesMut::with_capacity(len);
        write(&mut own)?;
        return Ok(own.freeze());
    }
    BLOCKS.with_borrow_mut(|block| {
        // An encoder that panicked may have left something behind.
        block.clear();
        block.reserve(len);
        let written = write(block);
        let bytes = block.split().freeze();
        if bytes.len() > BLOCK {
            // It has grown beyond its size, and small ones would keep all of it alive.
            *block = BytesMut::with_capacity(BLOCK);
        }
        written.map(|()| bytes)
    })
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;

    use super::build;

    #[test]
    fn what_failed_leaves_nothing_behind() {
        let failed = build(8, |buffer| {
            buffer.put_slice(b"half");
            Err("no")
        });
        assert_eq!(failed, Err("no"));
        let built = build(8, |buffer| {
            buffer.put_slice(b"whole");
            Ok::<_, ()>(())
        });
        assert_eq!(&built.unwrap()[..], b"whole");
    }

    #[test]
    fn what_panicked_leaves_nothing_behind() {
        let panicked = std::panic::catch_unwind(|| {
            build(8, |buffer| -> Result<(), ()> {
                buffer.put_slice(b"half");
                panic!("on purpose")
            })
        });
        assert!(panicked.is_err());
        let built = build(8, |buffer| {
            buffer.put_slice(b"whole");
            Ok::<_, ()>(())
        });
        assert_eq!(&built.unwrap()[..], b"whole");
    }

    #[test]
    fn a_wrong_guess_of_the_length_does_no_harm() {
        let long = vec![7; 100_000];
        for guess in [0, 10, 10_000] {
            let built = build(guess, |buffer| {
                buffer.put_slice(&long);
                Ok::<_, ()>(())
            });
            assert_eq!(built.unwrap(), long);
        }
    }
}
