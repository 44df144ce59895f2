//! Gives names their full form, from what a file imports.
//!
//! protox looks names up among all files that it has read. There `config.Source` in `package shop.orders` may meet a
//! package `shop.config` of a file that is not imported, and it would depend on the order of files whether it does.

use std::collections::HashMap;
use std::rc::Rc;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, ServiceDescriptorProto,
    UninterpretedOption,
};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A package or a service: other names are in it.
    Scope,
    Message,
    Enum,
    Extension,
}

impl Kind {
    fn is_type(self) -> bool {
        matches!(self, Self::Message | Self::Enum)
    }

    fn is_extension(self) -> bool {
        self == Self::Extension
    }
}

/// The full names that a file declares, and its package with the packages around it.
#[derive(Debug, Default)]
pub(super) struct Exports(HashMap<String, Kind>);

impl Exports {
    pub(super) fn of(file: &FileDescriptorProto) -> Self {
        let mut exports = Self::default();
        let mut package = file.package();
        while !package.is_empty() {
            exports.0.insert(package.to_owned(), Kind::Scope);
            package = parent(package);
        }
        let package = file.package();
        exports.add(package, file.service.iter().map(ServiceDescriptorProto::name), Kind::Scope);
        exports.add(package, file.enum_type.iter().map(EnumDescriptorProto::name), Kind::Enum);
        exports.add(package, file.extension.iter().map(FieldDescriptorProto::name), Kind::Extension);
        exports.messages(package, &file.message_type);
        exports
    }

    fn messages(&mut self, scope: &str, messages: &[DescriptorProto]) {
        self.add(scope, messages.iter().map(DescriptorProto::name), Kind::Message);
        for message in messages {
            let scope = join(scope, message.name());
            self.add(&scope, message.enum_type.iter().map(EnumDescriptorProto::name), Kind::Enum);
            self.add(&scope, message.extension.iter().map(FieldDescriptorProto::name), Kind::Extension);
            self.messages(&scope, &message.nested_type);
        }
    }

    fn add<'a>(&mut self, scope: &str, names: impl Iterator<Item = &'a str>, kind: Kind) {
        self.0.extend(names.map(|name| (join(scope, name), kind)));
    }
}

/// What one file sees: its own names, and those of its imports.
pub(super) struct Visible(Vec<Rc<Exports>>);

impl Visible {
    pub(super) fn new(exports: impl Iterator<Item = Rc<Exports>>) -> Self {
        Self(exports.collect())
    }

    /// Gives all names in the file their full form. What is not found stays as it is, to be reported.
    pub(super) fn qualify(&self, file: &mut FileDescriptorProto) {
        let package = file.package().to_owned();
        self.options(file.options.as_mut().map(|options| &mut options.uninterpreted_option), &package);
        self.fields(&mut file.extension, &package);
        for message in &mut file.message_type {
            self.message(message, &package);
        }
        for item in &mut file.enum_type {
            self.enum_(item, &package);
        }
        for service in &mut file.service {
            self.service(service, &package);
        }
    }

    fn message(&self, message: &mut DescriptorProto, around: &str) {
        let scope = join(around, message.name());
        self.options(message.options.as_mut().map(|options| &mut options.uninterpreted_option), around);
        self.fields(&mut message.field, &scope);
        self.fields(&mut message.extension, &scope);
        for oneof in &mut message.oneof_decl {
            self.options(oneof.options.as_mut().map(|options| &mut options.uninterpreted_option), &scope);
        }
        for range in &mut message.extension_range {
            self.options(range.options.as_mut().map(|options| &mut options.uninterpreted_option), &scope);
        }
        for item in &mut message.enum_type {
            self.enum_(item, &scope);
        }
        for nested in &mut message.nested_type {
            self.message(nested, &scope);
        }
    }

    fn fields(&self, fields: &mut [FieldDescriptorProto], scope: &str) {
        for field in fields {
            self.name(&mut field.type_name, scope, Kind::is_type);
            self.name(&mut field.extendee, scope, Kind::is_type);
            self.options(field.options.as_mut().map(|options| &mut options.uninterpreted_option), scope);
        }
    }

    fn enum_(&self, item: &mut EnumDescriptorProto, scope: &str) {
        self.options(item.options.as_mut().map(|options| &mut options.uninterpreted_option), scope);
        for value in &mut item.value {
            self.options(value.options.as_mut().map(|options| &mut options.uninterpreted_option), scope);
        }
    }

    fn service(&self, service: &mut ServiceDescriptorProto, around: &str) {
        let scope = join(around, service.name());
        self.options(service.options.as_mut().map(|options| &mut options.uninterpreted_option), around);
        for method in &mut service.method {
            self.name(&mut method.input_type, &scope, Kind::is_type);
            self.name(&mut method.output_type, &scope, Kind::is_type);
            self.options(method.options.as_mut().map(|options| &mut options.uninterpreted_option), &scope);
        }
    }

    fn options(&self, options: Option<&mut Vec<UninterpretedOption>>, scope: &str) {
        let parts = options.into_iter().flatten().flat_map(|option| &mut option.name);
        for part in parts.filter(|part| part.is_extension) {
            if let Some(full) = self.resolve(&part.name_part, scope, Kind::is_extension) {
                part.name_part = full;
            }
        }
    }

    fn name(&self, name: &mut Option<String>, scope: &str, wanted: fn(Kind) -> bool) {
        if let Some(full) = name.as_deref().and_then(|name| self.resolve(name, scope, wanted)) {
            *name = Some(full);
        }
    }

    /// Looks from the innermost scope outwards. The first that has the first word of the name decides.
    fn resolve(&self, name: &str, mut scope: &str, wanted: fn(Kind) -> bool) -> Option<String> {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        if first.is_empty() {
            return None;
        }
        let full = |scope, name| Some(join(scope, name)).filter(|full| self.find(full).is_some_and(wanted));
        loop {
            let found = match (self.find(&join(scope, first)), rest) {
                (Some(_), None) => full(scope, first),
                (Some(kind), Some(_)) if !kind.is_extension() => {
                    return full(scope, name).as_deref().map(absolute);
                }
                _ => None,
            };
            if found.is_some() || scope.is_empty() {
                return found.as_deref().map(absolute);
            }
            scope = parent(scope);
        }
    }

    fn find(&self, full_name: &str) -> Option<Kind> {
        self.0.iter().find_map(|exports| exports.0.get(full_name).copied())
    }
}

fn absolute(full_name: &str) -> String {
    format!(".{full_name}")
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

fn parent(scope: &str) -> &str {
    scope.rsplit_once('.').map_or("", |(parent, _)| parent)
}
