use std::collections::BTreeMap;

use nats_rpc_codegen::ir::Service;
use nats_rpc_codegen::tokens;
use prost_build::Module;
use prost_reflect::{FileDescriptor, ServiceDescriptor};
use syn::Item;

use crate::comments::Comments;
use crate::error::{Error, Report};
use crate::links::{Links, Place};
use crate::load::Loaded;
use crate::lower::{Settings, Source, lower};
use crate::merge::Shared;
use crate::switches::Switches;
use crate::{builtin, check, format, messages};

/// The files of one package.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) files: Vec<FileDescriptor>,
}

/// What the code of all packages is made from.
pub(crate) struct Materials<'a> {
    pub(crate) runtime: &'a str,
    pub(crate) switches: &'a Switches,
    pub(crate) services: &'a BTreeMap<String, prost_build::Service>,
    pub(crate) comments: &'a Comments,
    pub(crate) links: &'a Links<'a>,
    pub(crate) loaded: &'a Loaded,
    /// The modules that packages and messages may share.
    pub(crate) shared: &'a Shared,
}

/// The code of a package.
pub(crate) struct Code {
    /// What stands in its file, if anything does.
    pub(crate) text: Option<String>,
    /// What goes to the files of other packages, by package.
    pub(crate) elsewhere: Vec<(String, String)>,
    /// What is wrong with its services.
    pub(crate) reports: Vec<Report>,
}

impl Package {
    pub(crate) fn all(loaded: &Loaded) -> BTreeMap<Module, Self> {
        let mut packages: BTreeMap<_, Self> = BTreeMap::new();
        let for_reading = builtin::for_reading(&loaded.pool);
        for file in loaded.pool.files().filter(|file| !for_reading.contains(file.name())) {
            packages
                .entry(Module::from_protobuf_package_name(file.package_name()))
                .or_insert_with(|| Self { name: String::new(), files: Vec::new() })
                .files
                .push(file);
        }
        for package in packages.values_mut() {
            // Packages may differ in case only.
            let name = package.files.iter().map(FileDescriptor::package_name).min().unwrap_or_default();
            package.name = name.to_owned();
            // The order of the files that the build script names is not to show.
            package.files.sort_by(|a, b| a.name().cmp(b.name()));
        }
        packages
    }

    pub(crate) fn has_services(&self) -> bool {
        self.files.iter().any(|file| file.services().len() > 0)
    }

    /// Name of the file with its descriptor set.
    pub(crate) fn descriptor_set(&self) -> String {
        descriptor_set(&self.name)
    }

    /// Its messages, which prost has made, and its services.
    pub(crate) fn code(&self, by_prost: &str, materials: &Materials<'_>) -> Result<Code, Error> {
        let mut items = messages::finish(by_prost, &self.name, materials.comments, materials.links)?;
        let elsewhere =
            materials.shared.take(&self.name, &mut items).into_iter().map(|(package, mut items)| {
                items.iter_mut().for_each(messages::add_allow);
                (package, format::file(&self.files, items))
            });
        let elsewhere = elsewhere.collect();
        let services = self.services(materials)?;
        let mut reports = Vec::new();
        for (descriptor, service) in &services {
            let problems = check::service(service, descriptor, materials.loaded);
            if problems.is_empty() {
                items.extend(parse(tokens::service(service))?);
            }
            reports.extend(problems);
        }
        let text = (!items.is_empty()).then(|| format::file(&self.files, items));
        Ok(Code { text, elsewhere, reports })
    }

    fn services(&self, materials: &Materials<'_>) -> Result<Vec<(ServiceDescriptor, Service)>, Error> {
        let settings = Settings {
            runtime: runtime(materials.runtime)?,
            switches: materials.switches,
            descriptor_set: self.descriptor_set(),
            comments: materials.comments,
            links: materials.links,
            place: Place { package: &self.name, modules: &[] },
        };
        let descriptors = self.files.iter().flat_map(|file| file.services().collect::<Vec<_>>());
        let lowered = descriptors.filter_map(|descriptor| {
            let prost = materials.services.get(descriptor.full_name())?;
            let service = lower(&Source { prost, descriptor: &descriptor }, &settings);
            Some(service.map(|service| (descriptor, service)))
        });
        lowered.collect()
    }
}

/// Finds a path that is none, before prost stumbles over it.
pub(crate) fn check_runtime(path: &str) -> Result<(), Error> {
    runtime(path).map(drop)
}

/// Name of the file with the descriptor set of a package.
pub(crate) fn descriptor_set(package: &str) -> String {
    format!("{}.binpb", if package.is_empty() { "_" } else { package })
}

/// The path of the runtime.
pub(crate) fn runtime(path: &str) -> Result<syn::Path, Error> {
    syn::parse_str(path).map_err(|error| {
        let message = format!("`{path}` is not a path: {error}");
        Error::plain(message, "`Config::runtime_path` takes a path such as `::nats_rpc`")
    })
}

pub(crate) fn parse(tokens: proc_macro2::TokenStream) -> Result<Vec<Item>, Error> {
    let file: syn::File = syn::parse2(tokens).map_err(|error| messages::not_rust(&error))?;
    Ok(file.items)
}
