use std::iter::successors;
use std::sync::OnceLock;

/// What is known of things that hardly any process has more of than there are places: found without a lock, by hash.
/// Nothing is ever taken out.
pub(crate) struct Places<T, const N: usize> {
    places: Box<[OnceLock<T>; N]>,
    /// As many again, once all are taken.
    more: OnceLock<Box<Self>>,
}

impl<T, const N: usize> Places<T, N> {
    pub(crate) fn new() -> Self {
        Self { places: Box::new([const { OnceLock::new() }; N]), more: OnceLock::new() }
    }

    /// The one that `is` it, by its hash; made where there is none yet.
    #[inline]
    pub(crate) fn of(&self, hash: u32, is: impl Fn(&T) -> bool, make: impl Fn() -> T) -> &T {
        let first = hash as usize;
        let mut here = self;
        loop {
            for place in (0..N).map(|step| &here.places[(first + step) % N]) {
                let one = place.get_or_init(&make);
                if is(one) {
                    return one;
                }
            }
            here = here.more.get_or_init(|| Box::new(Self::new()));
        }
    }

    /// All that there are by now.
    pub(crate) fn known(&self) -> impl Iterator<Item = &T> {
        let pages = successors(Some(self), |here| here.more.get().map(|more| &**more));
        pages.flat_map(|here| here.places.iter().filter_map(OnceLock::get))
    }
}
