use std::sync::{Mutex, OnceLock, PoisonError};

/// What is known of things that hardly any process has more of than there are places: found without a lock as long as
/// that holds. Nothing is ever taken out.
pub(crate) struct Places<T> {
    places: Box<[OnceLock<T>]>,
    more: Mutex<Vec<T>>,
}

impl<T: Clone> Places<T> {
    pub(crate) fn new(places: usize) -> Self {
        Self { places: (0..places).map(|_| OnceLock::new()).collect(), more: Mutex::default() }
    }

    /// The one that `is` it, by its hash; made where there is none yet.
    pub(crate) fn of<V>(
        &self,
        hash: u32,
        is: impl Fn(&T) -> bool,
        make: impl Fn() -> T,
        view: impl Fn(&T) -> V,
    ) -> V {
        let (first, count) = (hash as usize, self.places.len());
        for place in (0..count).map(|step| &self.places[(first + step) % count]) {
            let one = place.get_or_init(&make);
            if is(one) {
                return view(one);
            }
        }
        let mut more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(one) = more.iter().find(|one| is(one)) {
            return view(one);
        }
        let one = make();
        let seen = view(&one);
        more.push(one);
        seen
    }

    /// All that there are by now.
    pub(crate) fn known(&self) -> Vec<T> {
        let more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        self.places.iter().filter_map(OnceLock::get).chain(more.iter()).cloned().collect()
    }
}
