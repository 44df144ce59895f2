use nats_rpc_codegen::ir;
use syn::Attribute;
use syn::parse::Parser as _;

use crate::error::Error;

/// Attributes that the build script adds to what is generated for services, in the order of its calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attributes(Vec<Addition>);

#[derive(Debug, Clone)]
struct Addition {
    item: Item,
    path: String,
    /// As text: what is parsed can't go to another thread.
    attribute: String,
}

/// What an attribute is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Client,
    Server,
    Trait,
}

impl Attributes {
    pub(crate) fn add(&mut self, item: Item, path: String, attribute: String) {
        self.0.push(Addition { item, path, attribute });
    }

    /// Finds what is no attribute, wherever it would be added.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.0.iter().try_for_each(|addition| addition.parse().map(drop))
    }

    /// What is added for a service of this full name.
    pub(crate) fn of(&self, service: &str) -> Result<ir::Attributes, Error> {
        let mut attributes = ir::Attributes::default();
        for addition in self.0.iter().filter(|addition| matches(&addition.path, service)) {
            let to = match addition.item {
                Item::Client => &mut attributes.client,
                Item::Server => &mut attributes.server,
                Item::Trait => &mut attributes.trait_,
            };
            to.extend(addition.parse()?);
        }
        Ok(attributes)
    }
}

impl Addition {
    fn parse(&self) -> Result<Vec<Attribute>, Error> {
        let Self { item, path, attribute } = self;
        let refuse = |why| {
            let setting = item.setting();
            Error::plain(
                format!("`Config::{setting}` was given `{attribute}` for \"{path}\", which {why}"),
                "give an attribute as it would stand above the item, such as `#[must_use]`",
            )
        };
        match Attribute::parse_outer.parse_str(attribute) {
            Ok(attributes) if attributes.is_empty() => Err(refuse("is empty".to_owned())),
            Ok(attributes) => Ok(attributes),
            Err(error) => Err(refuse(format!("is no attribute: {error}"))),
        }
    }
}

impl Item {
    const fn setting(self) -> &'static str {
        match self {
            Self::Client => "client_attribute",
            Self::Server => "server_attribute",
            Self::Trait => "trait_attribute",
        }
    }
}

/// Whether a path means a service, as prost's paths mean messages: `.` is every one, `.a.b` is that one or all in that
/// package, `b.C` is every one whose full name ends so.
fn matches(path: &str, service: &str) -> bool {
    match path.strip_prefix('.') {
        Some("") => true,
        Some(begin) => {
            service.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
        None => service.strip_suffix(path).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::{Attributes, Item, matches};

    #[test]
    fn paths_mean_what_they_mean_to_prost() {
        for path in [".", ".a", ".a.b", ".a.b.C", "a.b.C", "b.C", "C"] {
            assert!(matches(path, "a.b.C"), "{path}");
        }
        for path in ["", ".b", ".a.b.C.d", "a.b", "a", ".a.b.", "bb.C", ".a.", "c"] {
            assert!(!matches(path, "a.b.C"), "{path}");
        }
        assert!(!matches(".a.bb", "a.b.C") && !matches(".a.b", "a.bb.C"));
        assert!(matches(".", "C") && matches(".C", "C") && matches("C", "C"));
    }

    #[test]
    fn what_is_added_stays_in_order() {
        let mut attributes = Attributes::default();
        attributes.add(Item::Client, ".".to_owned(), "#[one]".to_owned());
        attributes.add(Item::Trait, "C".to_owned(), "#[other]".to_owned());
        attributes.add(Item::Client, ".a".to_owned(), "#[two] #[three]".to_owned());
        let added = attributes.of("a.b.C").expect("attributes");
        let names: Vec<_> = added.client.iter().map(|added| added.path().get_ident().cloned()).collect();
        assert_eq!(names.into_iter().flatten().collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!((added.server.len(), added.trait_.len()), (0, 1));
    }
}
