//! What happens in one exploration.

/// The call, and what may go wrong in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    /// The lengths of the messages in each direction.
    pub(crate) requests: &'static [u16],
    pub(crate) responses: &'static [u16],
    /// How many of the requests the OPEN carries.
    pub(crate) in_open: u8,
    /// The half-close comes with the last request, or after it.
    pub(crate) end_with_last: bool,
    /// Response metadata goes before the first response.
    pub(crate) head: bool,
    /// The first credit in either direction.
    pub(crate) window: u64,
    /// So many frames are lost, at most, and so many come twice.
    pub(crate) losses: u8,
    pub(crate) duplicates: u8,
    /// So often an end takes the other one for dead that is not.
    pub(crate) mistakes: u8,
    /// So many connections end.
    pub(crate) disconnects: u8,
    /// The caller may give up, and the handler fail, return early, or stop reading.
    pub(crate) whims: bool,
}

/// Windows of one: after each message its sender waits until it was read. 300 bytes and what a frame costs are more than
/// half of it, so that no two have room.
pub(crate) const ONE: u64 = 1024;
pub(crate) const SMALL: u16 = 300;
/// A message that no window has room for: it goes in two chunks.
pub(crate) const LARGE: u16 = 700;

impl Setup {
    /// Two messages each way, nothing goes wrong.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            requests: &[SMALL, SMALL],
            responses: &[SMALL, SMALL],
            in_open: 0,
            end_with_last: false,
            head: true,
            window: ONE,
            losses: 0,
            duplicates: 0,
            mistakes: 0,
            disconnects: 0,
            whims: false,
        }
    }

    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// The length of what the OPEN carries.
    pub(crate) fn opened_with(&self) -> u64 {
        self.requests[..usize::from(self.in_open)].iter().map(|len| u64::from(*len)).sum()
    }
}
