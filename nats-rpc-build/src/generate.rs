use std::collections::BTreeMap;

use nats_rpc_codegen::ir::{Parts, Service};
use nats_rpc_codegen::tokens;
use prost_build::Module;
use prost_reflect::FileDescriptor;
use syn::Item;

use crate::check;
use crate::comments::Comments;
use crate::config::Config;
use crate::error::Error;
use crate::load::Loaded;
use crate::lower::{Settings, Source, lower};
use crate::output::Output;
use crate::prost::ByProst;
use crate::{builtin, descriptors, format, messages, modules};

/// The files of one package.
struct Package {
    name: String,
    files: Vec<FileDescriptor>,
}

/// Makes all files, in memory.
pub(crate) fn generate(mut config: Config, loaded: &Loaded) -> Result<Output, Error> {
    let runtime = syn::parse_str(&config.runtime).map_err(|error| {
        let message = format!("`{}` is not a path: {error}", config.runtime);
        Error::plain(message, "`Config::runtime_path` takes a path such as `::nats_rpc`")
    })?;
    let packages = packages(loaded);
    check_names(&packages, config.parts, loaded)?;
    let mut comments = Comments::default();
    let files =
        packages.iter().flat_map(|(module, package)| package.files.iter().map(move |file| (module, file)));
    let ByProst { mut code, services } = ByProst::run(&mut config.prost, files, &mut comments, loaded)?;
    let mut output = Output::default();
    let mut settings = Settings { runtime, parts: config.parts, descriptor_set: String::new() };
    let mut reports = Vec::new();
    for (module, package) in &packages {
        settings.descriptor_set = format!("{}.binpb", package.file_stem());
        let mut items = messages::finish(&code.remove(module).unwrap_or_default(), &comments)?;
        let lowered: Vec<_> = package.lower(&services, &settings, &comments).collect();
        for (descriptor, service) in lowered {
            reports.extend(check::service(&service, &descriptor, loaded));
            items.extend(parse(tokens::service(&service))?);
            output
                .files
                .entry(settings.descriptor_set.clone())
                .or_insert_with(|| descriptors::set(&package.files));
        }
        if !items.is_empty() {
            output.modules.insert(package.name.clone());
            let text = format::file(&package.files, items);
            output.files.insert(format!("{}.rs", package.file_stem()), text.into_bytes());
        }
    }
    if config.include_file.is_some() {
        let included = packages.values().filter(|package| output.modules.contains(&package.name));
        let files: Vec<_> = included.flat_map(|package| package.files.iter().cloned()).collect();
        reports.extend(check::modules(&files, loaded));
    }
    Error::of_any(&reports)?;
    if let Some(name) = config.include_file {
        output.files.insert(name, modules::include_file(&output.modules).into_bytes());
    }
    Ok(output)
}

fn packages(loaded: &Loaded) -> BTreeMap<Module, Package> {
    let mut packages: BTreeMap<_, Package> = BTreeMap::new();
    for file in loaded.pool.files().filter(|file| file.name() != builtin::OPTIONS) {
        packages
            .entry(Module::from_protobuf_package_name(file.package_name()))
            .or_insert_with(|| Package { name: file.package_name().to_owned(), files: Vec::new() })
            .files
            .push(file);
    }
    for package in packages.values_mut() {
        // The order of the files that the build script names is not to show.
        package.files.sort_by(|a, b| a.name().cmp(b.name()));
    }
    packages
}

/// Finds what prost and rustc would stumble over.
fn check_names(packages: &BTreeMap<Module, Package>, parts: Parts, loaded: &Loaded) -> Result<(), Error> {
    let mut reports = Vec::new();
    for package in packages.values() {
        reports.extend(check::package(package.files.iter(), parts, loaded));
        reports.extend(package.files.iter().filter_map(|file| check::google(file, loaded)));
        reports.extend(package.files.iter().flat_map(|file| check::members(file, loaded)));
    }
    Error::of_any(&reports)
}

impl Package {
    /// Name of the package's files without extension.
    fn file_stem(&self) -> &str {
        if self.name.is_empty() { "_" } else { &self.name }
    }

    fn lower(
        &self,
        services: &BTreeMap<String, prost_build::Service>,
        settings: &Settings,
        comments: &Comments,
    ) -> impl Iterator<Item = (prost_reflect::ServiceDescriptor, Service)> {
        let descriptors = self.files.iter().flat_map(|file| file.services().collect::<Vec<_>>());
        descriptors.filter_map(move |descriptor| {
            let prost = services.get(descriptor.full_name())?;
            let lowered = lower(&Source { prost, descriptor: &descriptor }, settings, comments);
            Some((descriptor, lowered))
        })
    }
}

fn parse(tokens: proc_macro2::TokenStream) -> Result<Vec<Item>, Error> {
    let file: syn::File = syn::parse2(tokens).map_err(|error| messages::not_rust(&error))?;
    Ok(file.items)
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::generate;
    use crate::config::Config;
    use crate::load::Loaded;
    use crate::output::Output;

    fn output(case: &str) -> Output {
        let directory = format!("../tests/golden/cases/{case}");
        let loaded = Loaded::open(&[format!("{directory}/in.proto")], &[directory]).expect(case);
        generate(Config::new(), &loaded).expect(case)
    }

    #[test]
    fn descriptor_sets_are_whole_and_have_options_but_no_comments() {
        let files = output("options").files;
        let pool = DescriptorPool::decode(files["options.v1.binpb"].as_slice()).expect("a whole set");
        let names: Vec<_> = pool.files().map(|file| file.name().to_owned()).collect();
        assert_eq!(names, ["google/protobuf/descriptor.proto", "nats/rpc/v1/options.proto", "in.proto"]);
        assert!(pool.files().all(|file| file.file_descriptor_proto().source_code_info.is_none()));
        let service = pool.get_service_by_name("options.v1.Notes").expect("a service");
        let extension = pool.get_extension_by_name("nats.rpc.v1.service").expect("an extension");
        assert!(service.options().has_extension(&extension));
    }

    #[test]
    fn no_code_is_generated_from_the_options_themselves() {
        assert_eq!(output("options").files.keys().collect::<Vec<_>>(), ["options.v1.binpb", "options.v1.rs"]);
    }
}
