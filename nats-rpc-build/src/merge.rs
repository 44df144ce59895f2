use std::collections::BTreeMap;
use std::mem;

use prost_build::Module;
use syn::Item;

/// The modules of an include file, and the packages that they stand for.
///
/// A message has a module too, for the types nested in it. When the module of the message `fleet.Truck` is that of the
/// package `fleet.truck`, the nested types go where the package is: it is the same place, so that all paths hold.
#[derive(Default)]
pub(crate) struct Shared(BTreeMap<Module, String>);

impl Shared {
    /// The modules of these packages, and those around them.
    pub(crate) fn of<'a>(packages: impl Iterator<Item = &'a str>) -> Self {
        let mut modules = BTreeMap::new();
        for package in packages {
            let dots = package.match_indices('.').map(|(dot, _)| dot);
            for package in dots.chain([package.len()]).map(|end| &package[..end]) {
                modules
                    .entry(Module::from_protobuf_package_name(package))
                    .or_insert_with(|| package.to_owned());
            }
        }
        Self(modules)
    }

    /// Takes the modules of messages that are those of packages out of a package's `items`: what is in them, and the
    /// package that it goes to.
    pub(crate) fn take(&self, package: &str, items: &mut Vec<Item>) -> Vec<(String, Vec<Item>)> {
        let mut taken = Vec::new();
        self.take_from(&Module::from_protobuf_package_name(package), items, &mut taken);
        taken
    }

    fn take_from(&self, module: &Module, items: &mut Vec<Item>, taken: &mut Vec<(String, Vec<Item>)>) {
        for mut item in mem::take(items) {
            if let Item::Mod(inner) = &mut item {
                let path =
                    Module::from_parts(module.parts().map(str::to_owned).chain([inner.ident.to_string()]));
                if let Some(package) = self.0.get(&path)
                    && let Some((_, mut content)) = inner.content.take()
                {
                    self.take_from(&path, &mut content, taken);
                    taken.push((package.clone(), content));
                    continue;
                }
            }
            items.push(item);
        }
    }
}
