use std::fmt;

use crate::raw::Places;
use crate::spec::Method;

/// So many methods are found without a lock; few processes call more.
const PLACES: usize = 128;

/// Something that there is one of for each method that is called.
pub(crate) struct PerMethod<T>(Places<(Method, T), PLACES>);

impl<T> PerMethod<T> {
    pub(crate) fn new() -> Self {
        Self(Places::new())
    }

    /// What there is for a method; made when that is called for the first time.
    #[inline]
    pub(crate) fn of(&self, method: &Method, make: impl Fn() -> T) -> &T {
        let (_, value) = self.0.of(method.hash(), |(own, _)| own.is(method), || (method.clone(), make()));
        value
    }

    /// All that there are by now.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&Method, &T)> {
        self.0.known().map(|(method, value)| (method, value))
    }
}

impl<T> fmt::Debug for PerMethod<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.known().map(|(method, _)| method)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{PLACES, PerMethod};
    use crate::spec::{Kind, Method};

    #[test]
    fn each_method_has_its_own_however_many_there_are() {
        let values = PerMethod::new();
        let of = |n: usize| values.of(&Method::dynamic("a.S", format!("Do{n}"), Kind::Unary), || n);
        let first: Vec<_> = (0..PLACES * 2).map(of).collect();
        for (n, value) in first.into_iter().enumerate() {
            assert_eq!(*value, n);
            assert!(std::ptr::eq(value, of(n)));
        }
        assert_eq!(values.known().count(), PLACES * 2);
    }
}
