use std::collections::{BTreeMap, HashSet};

use nats_rpc_codegen::ir::Parts;
use nats_rpc_codegen::names;
use prost_build::Module;
use prost_reflect::{DescriptorPool, FieldDescriptor};

use crate::maps;

/// Names of derive macros that are always in scope. A type called so needs its kind in front.
const DERIVES: [&str; 9] =
    ["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// What the names in comments lead to. There is a link only to what was generated, from where it is sure to be found.
pub(crate) struct Links<'a> {
    pool: &'a DescriptorPool,
    parts: Parts,
    /// Whether all packages are in modules that are nested as the packages are.
    nested: bool,
    /// The types and their members in the code of each package, such as `foo::Bar` and `foo::Bar::baz`.
    generated: BTreeMap<String, HashSet<String>>,
}

/// Where a link starts.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) package: &'a str,
    /// The modules of messages, within that of the package.
    pub(crate) modules: &'a [String],
}

/// What a link leads to.
struct Target {
    package: String,
    modules: Vec<String>,
    kind: &'static str,
    name: String,
    member: Option<String>,
}

impl<'a> Links<'a> {
    pub(crate) fn new(
        pool: &'a DescriptorPool,
        parts: Parts,
        nested: bool,
        code: &BTreeMap<Module, String>,
    ) -> Self {
        let generated = code.iter().map(|(module, code)| (module_key(module), items(code))).collect();
        Self { pool, parts, nested, generated }
    }

    /// The path from a place to what a name stands for: a full name, or that of something in the same package.
    pub(crate) fn path(&self, name: &str, from: Place<'_>) -> Option<String> {
        let target = self.target(name).or_else(|| {
            let package = Some(from.package).filter(|package| !package.is_empty())?;
            self.target(&format!("{package}.{name}"))
        })?;
        let inside: Vec<_> = target.modules.iter().chain([&target.name]).map(String::as_str).collect();
        let path = inside.join("::");
        let package = Module::from_protobuf_package_name(&target.package);
        let is_service = target.kind == "trait";
        let exists = self.generated.get(&module_key(&package)).is_some_and(|items| {
            let member = target.member.as_ref().map(|member| format!("{path}::{member}"));
            is_service || items.contains(&member.unwrap_or(path))
        });
        let reachable = self.nested || target.package == from.package;
        (exists && reachable).then(|| relative(&target, from))
    }

    fn target(&self, name: &str) -> Option<Target> {
        self.item(name).or_else(|| {
            let (parent, member) = name.rsplit_once('.')?;
            let member = self.member(parent, member)?;
            Some(match member {
                Member::Of(member) => Target { member: Some(member), ..self.item(parent)? },
                Member::Variant { oneof, variant } => {
                    let mut target = self.item(parent)?;
                    target.modules.push(names::module(&target.name).to_string());
                    Target { kind: "enum", name: oneof, member: Some(variant), ..target }
                }
            })
        })
    }

    /// A message, an enum or a service.
    fn item(&self, full_name: &str) -> Option<Target> {
        let (kind, package) = if let Some(message) = self.pool.get_message_by_name(full_name) {
            ("struct", message.package_name().to_owned())
        } else if let Some(item) = self.pool.get_enum_by_name(full_name) {
            ("enum", item.package_name().to_owned())
        } else {
            let service = self.pool.get_service_by_name(full_name).filter(|_| self.parts.server)?;
            ("trait", service.package_name().to_owned())
        };
        let inside = full_name.strip_prefix(&package)?.trim_start_matches('.');
        let (outer, name) = inside.rsplit_once('.').map_or(("", inside), |(outer, name)| (outer, name));
        let outer = outer.split('.').filter(|segment| !segment.is_empty());
        let modules = outer.map(|segment| names::module(segment).to_string()).collect();
        Some(Target { package, modules, kind, name: names::type_name(name).to_string(), member: None })
    }

    fn member(&self, parent: &str, name: &str) -> Option<Member> {
        if let Some(message) = self.pool.get_message_by_name(parent) {
            return message.get_field_by_name(name).map(|field| field_member(&field)).or_else(|| {
                let oneof = message.oneofs().find(|oneof| oneof.name() == name)?;
                Some(Member::Of(names::field(oneof.name()).to_string()))
            });
        }
        if let Some(item) = self.pool.get_enum_by_name(parent) {
            let value = item.get_value_by_name(name)?;
            return Some(Member::Of(names::variant(item.name(), value.name()).to_string()));
        }
        let service = self.pool.get_service_by_name(parent)?;
        let method = service.methods().find(|method| method.name() == name)?;
        Some(Member::Of(names::method(method.name()).to_string()))
    }
}

/// What is in an item.
enum Member {
    Of(String),
    /// A field of a oneof.
    Variant {
        oneof: String,
        variant: String,
    },
}

fn field_member(field: &FieldDescriptor) -> Member {
    let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
    oneof.map_or_else(
        || Member::Of(maps::field_name(field).to_string()),
        |oneof| Member::Variant {
            oneof: names::type_name(oneof.name()).to_string(),
            variant: names::type_name(field.name()).to_string(),
        },
    )
}

/// The path as rustdoc has it, in which names are never raw.
fn relative(target: &Target, from: Place<'_>) -> String {
    let here: Vec<_> = module_names(from.package).chain(from.modules.iter().cloned()).collect();
    let there: Vec<_> = module_names(&target.package).chain(target.modules.iter().cloned()).collect();
    let common = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
    let up = here[common..].iter().map(|_| "super");
    let down = there[common..].iter().map(String::as_str);
    let item = [target.name.as_str()].into_iter().chain(target.member.as_deref());
    let path: Vec<_> = up.chain(down).chain(item).map(|name| name.trim_start_matches("r#")).collect();
    let path = path.join("::");
    // Statics of services are all in capitals.
    let ambiguous = DERIVES.contains(&path.as_str()) || target.name == target.name.to_uppercase();
    if ambiguous && target.member.is_none() { format!("{}@{path}", target.kind) } else { path }
}

fn module_names(package: &str) -> impl Iterator<Item = String> {
    package.split('.').filter(|segment| !segment.is_empty()).map(|segment| names::module(segment).to_string())
}

fn module_key(module: &Module) -> String {
    module.parts().collect::<Vec<_>>().join(".")
}

/// The types and their members in code that prost has written, one on each line.
fn items(code: &str) -> HashSet<String> {
    let mut all = HashSet::new();
    let mut modules: Vec<String> = Vec::new();
    let mut item = String::new();
    for line in code.lines() {
        let text = line.trim_start();
        let depth = (line.len() - text.len()) / 4;
        let path = |name: &str| {
            modules[..depth.min(modules.len())].iter().map(|part| format!("{part}::")).collect::<String>()
                + name
        };
        if let Some(name) = text.strip_prefix("pub mod ").and_then(name_of) {
            modules.truncate(depth);
            modules.push(name.to_owned());
        } else if let Some(name) =
            text.strip_prefix("pub struct ").or_else(|| text.strip_prefix("pub enum ")).and_then(name_of)
        {
            item = path(name);
            all.insert(item.clone());
        } else if text.starts_with("impl") {
            item.clear();
        } else if !item.is_empty()
            && let Some(name) = name_of(text.strip_prefix("pub ").unwrap_or(text))
        {
            all.insert(format!("{item}::{name}"));
        }
    }
    all
}

/// The name at the start of a text.
fn name_of(text: &str) -> Option<&str> {
    let bare = text.strip_prefix("r#").unwrap_or(text);
    let rest = bare.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    let name = &text[..text.len() - rest.len()];
    (!name.is_empty()).then_some(name)
}
