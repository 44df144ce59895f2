use bytes::Bytes;

use crate::wire::{self, Data, DataFlags};

/// What has arrived for a stream, in order.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// A HEAD, whole.
    Head(Bytes),
    /// Messages.
    Messages(Messages),
    /// The other side sends nothing more.
    End,
    /// A TERMINAL, whole.
    Terminal(Bytes),
}

/// The messages of one frame.
#[derive(Debug)]
pub(crate) struct Messages {
    body: Bytes,
    lens: std::vec::IntoIter<u32>,
    left: usize,
    /// How they are compressed.
    pub(crate) encoding: u32,
    /// What they took of the credit.
    pub(super) cost: u64,
    /// What was set aside to put them together.
    pub(super) assembled: u64,
}

impl Messages {
    /// One message.
    pub(crate) fn one(message: Bytes, encoding: u32, cost: u64) -> Self {
        Self { body: message, lens: Vec::new().into_iter(), left: 1, encoding, cost, assembled: 0 }
    }

    /// Those that `lens` cuts the body into, or a single one.
    pub(crate) fn several(body: Bytes, lens: impl Iterator<Item = u32>, encoding: u32, cost: u64) -> Self {
        let lens: Vec<u32> = lens.collect();
        let left = lens.len().max(1);
        Self { body, lens: lens.into_iter(), left, encoding, cost, assembled: 0 }
    }

    /// The first whose length is like this: its index and its length.
    pub(super) fn find(&self, mut is_it: impl FnMut(usize) -> bool) -> Option<(usize, usize)> {
        let lens = self.lens.as_slice();
        if lens.is_empty() {
            return Some((0, self.body.len())).filter(|(_, len)| is_it(*len));
        }
        lens.iter().map(|len| *len as usize).enumerate().find(|(_, len)| is_it(*len))
    }

    /// Only the first so many; `None`: that is not a single one.
    pub(super) fn truncated(mut self, count: usize) -> Option<Self> {
        let lens: Vec<u32> = self.lens.take(count).collect();
        self.body.truncate(lens.iter().map(|len| *len as usize).sum());
        (self.lens, self.left) = (lens.into_iter(), count);
        (count > 0).then_some(self)
    }

    pub(super) fn of_data(data: &Data<'_>, body: Bytes, cost: u64) -> Result<Option<Self>, wire::Malformed> {
        let no_message = data.flags.contains(DataFlags::NO_MESSAGE);
        wire::messages(&data.lens, no_message, &body)?;
        Ok((!no_message).then(|| Self::several(body, data.lens.clone(), data.encoding, cost)))
    }
}

impl Iterator for Messages {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.left = self.left.checked_sub(1)?;
        match self.lens.next() {
            Some(len) if self.left > 0 => Some(self.body.split_to(len as usize)),
            _ => Some(std::mem::take(&mut self.body)),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Messages {}
