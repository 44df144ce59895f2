use std::collections::BTreeMap;

use nats_rpc_codegen::ir::{Parts, Service};
use nats_rpc_codegen::tokens;
use prost_build::Module;
use prost_reflect::{FileDescriptor, ServiceDescriptor};
use syn::Item;

use crate::comments::Comments;
use crate::error::{Error, Report};
use crate::links::{Links, Place};
use crate::load::Loaded;
use crate::lower::{Settings, Source, lower};
use crate::{builtin, check, format, messages};

/// The files of one package.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) files: Vec<FileDescriptor>,
}

/// What the code of all packages is made from.
pub(crate) struct Materials<'a> {
    pub(crate) runtime: &'a str,
    pub(crate) parts: Parts,
    pub(crate) services: &'a BTreeMap<String, prost_build::Service>,
    pub(crate) comments: &'a Comments,
    pub(crate) links: &'a Links<'a>,
    pub(crate) loaded: &'a Loaded,
}

/// The code of a package.
pub(crate) struct Code {
    /// What stands in its file, if anything does.
    pub(crate) text: Option<String>,
    pub(crate) has_services: bool,
    /// What is wrong with its services.
    pub(crate) reports: Vec<Report>,
}

impl Package {
    pub(crate) fn all(loaded: &Loaded) -> BTreeMap<Module, Self> {
        let mut packages: BTreeMap<_, Self> = BTreeMap::new();
        for file in loaded.pool.files().filter(|file| file.name() != builtin::OPTIONS) {
            packages
                .entry(Module::from_protobuf_package_name(file.package_name()))
                .or_insert_with(|| Self { name: file.package_name().to_owned(), files: Vec::new() })
                .files
                .push(file);
        }
        for package in packages.values_mut() {
            // The order of the files that the build script names is not to show.
            package.files.sort_by(|a, b| a.name().cmp(b.name()));
        }
        packages
    }

    /// Name of the package's files without extension.
    pub(crate) fn file_stem(&self) -> &str {
        if self.name.is_empty() { "_" } else { &self.name }
    }

    /// Name of the file with its descriptor set.
    pub(crate) fn descriptor_set(&self) -> String {
        format!("{}.binpb", self.file_stem())
    }

    /// Its messages, which prost has made, and its services.
    pub(crate) fn code(&self, by_prost: &str, materials: &Materials<'_>) -> Result<Code, Error> {
        let mut items = messages::finish(by_prost, &self.name, materials.comments, materials.links)?;
        let services = self.services(materials)?;
        let mut reports = Vec::new();
        for (descriptor, service) in &services {
            reports.extend(check::service(service, descriptor, materials.loaded));
            items.extend(parse(tokens::service(service))?);
        }
        let text = (!items.is_empty()).then(|| format::file(&self.files, items));
        Ok(Code { text, has_services: !services.is_empty(), reports })
    }

    fn services(&self, materials: &Materials<'_>) -> Result<Vec<(ServiceDescriptor, Service)>, Error> {
        let settings = Settings {
            runtime: runtime(materials.runtime)?,
            parts: materials.parts,
            descriptor_set: self.descriptor_set(),
            comments: materials.comments,
            links: materials.links,
            place: Place { package: &self.name, modules: &[] },
        };
        let descriptors = self.files.iter().flat_map(|file| file.services().collect::<Vec<_>>());
        let lowered = descriptors.filter_map(|descriptor| {
            let prost = materials.services.get(descriptor.full_name())?;
            let service = lower(&Source { prost, descriptor: &descriptor }, &settings);
            Some((descriptor, service))
        });
        Ok(lowered.collect())
    }
}

fn runtime(path: &str) -> Result<syn::Path, Error> {
    syn::parse_str(path).map_err(|error| {
        let message = format!("`{path}` is not a path: {error}");
        Error::plain(message, "`Config::runtime_path` takes a path such as `::nats_rpc`")
    })
}

fn parse(tokens: proc_macro2::TokenStream) -> Result<Vec<Item>, Error> {
    let file: syn::File = syn::parse2(tokens).map_err(|error| messages::not_rust(&error))?;
    Ok(file.items)
}
