use std::collections::HashMap;

use crate::spec::Method;

/// Which methods something is said of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// All.
    All,
    /// Those of one service, by its full name.
    Service(String),
    /// One, by its path such as `/shop.v1.Orders/Put`.
    Method(String),
}

/// Whether something is said of a method itself, or of several ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    Several,
    One,
}

/// What is said of methods, by scope.
#[derive(Debug, Clone)]
pub(super) struct Scopes<T>(HashMap<Scope, T>);

impl<T> Scopes<T> {
    /// Says it, in the place of what was said before of the same scope.
    pub(super) fn set(&mut self, scope: Scope, value: T) {
        self.0.insert(scope, value);
    }

    /// All that is said of a method, what is said of the method itself first.
    pub(super) fn narrowest_first(&self, method: &Method) -> impl Iterator<Item = (&T, Width)> {
        let scopes = [
            (Scope::Method(method.to_string()), Width::One),
            (Scope::Service(method.service().to_owned()), Width::Several),
            (Scope::All, Width::Several),
        ];
        scopes.into_iter().filter_map(|(scope, width)| Some((self.0.get(&scope)?, width)))
    }
}

impl<T> Default for Scopes<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

/// Whether it can be the name of a service, or of a method within one.
pub(super) fn is_service(name: &str) -> bool {
    !name.is_empty() && !name.contains(|character: char| character == '/' || character.is_whitespace())
}

/// Whether it can be the path of a method.
pub(super) fn is_method(path: &str) -> bool {
    let parts = path.strip_prefix('/').and_then(|parts| parts.split_once('/'));
    parts.is_some_and(|(service, method)| is_service(service) && is_service(method))
}

#[cfg(test)]
mod tests {
    use super::{is_method, is_service};

    #[test]
    fn names_are_those_of_services_and_methods() {
        assert!(is_service("shop.v1.Orders") && is_service("Orders"));
        assert!(!is_service("") && !is_service("/shop.v1.Orders") && !is_service("shop.v1. Orders"));
        assert!(is_method("/shop.v1.Orders/Put"));
        for wrong in
            ["", "/", "//", "Put", "shop.v1.Orders/Put", "/shop.v1.Orders", "/a.B/", "//Put", "/a.B/C/D"]
        {
            assert!(!is_method(wrong), "{wrong}");
        }
    }
}
