use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::spec::Method;

/// So many methods are found without a lock; few processes call more.
const PLACES: usize = 128;

/// Something that there is one of for each method that is called.
pub(crate) struct PerMethod<T> {
    places: Box<[OnceLock<Place<T>>]>,
    more: Mutex<Vec<Place<T>>>,
}

struct Place<T> {
    method: Method,
    value: Arc<T>,
}

impl<T> PerMethod<T> {
    pub(crate) fn new() -> Self {
        Self { places: (0..PLACES).map(|_| OnceLock::new()).collect(), more: Mutex::default() }
    }

    /// What there is for a method; made when that is called for the first time.
    pub(crate) fn of(&self, method: &Method, make: impl Fn() -> T) -> Arc<T> {
        let first = method.hash() as usize;
        let new = || Place { method: method.clone(), value: Arc::new(make()) };
        for place in (0..PLACES).map(|step| &self.places[(first + step) % PLACES]) {
            let place = place.get_or_init(new);
            if place.method.is(method) {
                return Arc::clone(&place.value);
            }
        }
        let mut more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = more.iter().find(|place| place.method.is(method)) {
            return Arc::clone(&place.value);
        }
        let place = new();
        let value = Arc::clone(&place.value);
        more.push(place);
        value
    }

    /// All that there are by now.
    pub(crate) fn known(&self) -> Vec<(Method, Arc<T>)> {
        let more = self.more.lock().unwrap_or_else(PoisonError::into_inner);
        let places = self.places.iter().filter_map(OnceLock::get).chain(more.iter());
        places.map(|place| (place.method.clone(), Arc::clone(&place.value))).collect()
    }
}

impl<T> fmt::Debug for PerMethod<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known().iter().map(|(method, _)| method)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PLACES, PerMethod};
    use crate::spec::{Kind, Method};

    #[test]
    fn each_method_has_its_own_however_many_there_are() {
        let values = PerMethod::new();
        let of = |n: usize| values.of(&Method::dynamic("a.S", format!("Do{n}"), Kind::Unary), || n);
        let first: Vec<_> = (0..PLACES * 2).map(of).collect();
        for (n, value) in first.iter().enumerate() {
            assert_eq!(**value, n);
            assert!(Arc::ptr_eq(value, &of(n)));
        }
        assert_eq!(values.known().len(), PLACES * 2);
    }
}
