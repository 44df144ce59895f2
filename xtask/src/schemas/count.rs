//! Counts what was generated.

use crate::error::Error;
use std::{collections::HashSet, fs, path::Path};

/// Services and methods.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) services: usize,
    pub(super) methods: usize,
}

/// Counts the services in the `.rs` files of a directory, and their methods.
pub(super) fn services(dir: &Path) -> Result<Found, Error> {
    let (mut services, mut methods) = (HashSet::new(), 0);
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(path)?;
            methods += count(&text, &mut services);
        }
    }
    Ok(Found { services: services.len(), methods })
}

/// Adds the names of services in a text, and tells the number of methods.
fn count(text: &str, services: &mut HashSet<String>) -> usize {
    let named = text.split("::ServiceSpec::new(").skip(1);
    services.extend(named.filter_map(|rest| rest.split('"').nth(1).map(str::to_owned)));
    text.matches("::Spec::new(").count()
}

#[cfg(test)]
mod tests {
    use super::count;
    use std::collections::HashSet;

    #[test]
    fn services_and_methods_are_told_apart() {
        let mut services = HashSet::new();
        let text = "static A: ::n::ServiceSpec = ::n::ServiceSpec::new(\n  \"a.A\",\n  &[::n::Spec::new(\"a.A\", \
                    \"X\", 0), ::n::Spec::new(\"a.A\", \"Y\", 1)]);";
        assert_eq!(count(text, &mut services), 2);
        assert_eq!(services, HashSet::from(["a.A".to_owned()]));
    }
}
