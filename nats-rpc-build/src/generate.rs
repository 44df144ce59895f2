use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;
use std::rc::Rc;

use nats_rpc_codegen::tokens;
use prost_build::{Module, ServiceGenerator};
use prost_reflect::FileDescriptor;
use syn::Item;

use crate::check;
use crate::comments::Comments;
use crate::config::Config;
use crate::error::Error;
use crate::load::Loaded;
use crate::lower::{Lowered, Settings, Source, lower};
use crate::output::Output;
use crate::{builtin, descriptors, format, messages, modules};

/// What prost has made.
struct ByProst {
    /// The messages of each package.
    code: BTreeMap<Module, String>,
    /// The services with the types that it resolved, by full name.
    services: BTreeMap<String, prost_build::Service>,
}

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
    let reports: Vec<_> = packages
        .values()
        .flat_map(|package| check::package(package.files.iter(), config.parts, loaded))
        .collect();
    if !reports.is_empty() {
        return Err(Error::of(&reports));
    }
    let mut comments = Comments::default();
    let ByProst { mut code, services } = run_prost(&mut config.prost, &packages, &mut comments)?;
    let mut output = Output::default();
    let mut settings = Settings { runtime, parts: config.parts, descriptor_set: String::new() };
    let mut reports = Vec::new();
    for (module, package) in &packages {
        settings.descriptor_set = format!("{}.binpb", package.file_stem());
        let mut items = messages::finish(&code.remove(module).unwrap_or_default(), &comments)?;
        let lowered: Vec<_> = package.lower(&services, &settings, &comments).collect();
        for (descriptor, Lowered { service, numbers, warnings }) in lowered {
            reports.extend(check::service(&service, &numbers, &descriptor, loaded));
            output.warnings.extend(warnings);
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
    if !reports.is_empty() {
        return Err(Error::of(&reports));
    }
    if let Some(name) = config.include_file {
        output.files.insert(name, modules::include_file(&output.modules).into_bytes());
    }
    Ok(output)
}

fn packages(loaded: &Loaded) -> BTreeMap<Module, Package> {
    let mut packages = BTreeMap::new();
    for file in loaded.pool.files().filter(|file| file.name() != builtin::OPTIONS) {
        packages
            .entry(Module::from_protobuf_package_name(file.package_name()))
            .or_insert_with(|| Package { name: file.package_name().to_owned(), files: Vec::new() })
            .files
            .push(file);
    }
    packages
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
    ) -> impl Iterator<Item = (prost_reflect::ServiceDescriptor, Lowered)> {
        let descriptors = self.files.iter().flat_map(|file| file.services().collect::<Vec<_>>());
        descriptors.filter_map(move |descriptor| {
            let prost = services.get(descriptor.full_name())?;
            let lowered = lower(&Source { prost, descriptor: &descriptor }, settings, comments);
            Some((descriptor, lowered))
        })
    }
}

fn run_prost(
    prost: &mut prost_build::Config,
    packages: &BTreeMap<Module, Package>,
    comments: &mut Comments,
) -> Result<ByProst, Error> {
    let mut requests = Vec::new();
    for (module, package) in packages {
        for file in &package.files {
            let mut file = file.file_descriptor_proto().clone();
            comments.take(&mut file);
            requests.push((module.clone(), file));
        }
    }
    let collected = Collector::default();
    prost.service_generator(Box::new(collected.clone()));
    let code = prost.generate(requests).map_err(|error| {
        Error::plain(format!("prost can't generate the messages: {error}"), "see `Config::prost`")
    })?;
    let services = mem::take(&mut *collected.0.borrow_mut());
    Ok(ByProst { code: code.into_iter().collect(), services })
}

/// Keeps the services that prost has read, and writes nothing.
#[derive(Clone, Default)]
struct Collector(Rc<RefCell<BTreeMap<String, prost_build::Service>>>);

impl ServiceGenerator for Collector {
    fn generate(&mut self, service: prost_build::Service, _: &mut String) {
        let package =
            if service.package.is_empty() { String::new() } else { format!("{}.", service.package) };
        self.0.borrow_mut().insert(format!("{package}{}", service.proto_name), service);
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
    fn streaming_methods_are_left_out_with_a_warning() {
        let warnings = output("streaming").warnings;
        assert_eq!(warnings.len(), 3);
        assert_eq!(
            warnings[0],
            "in.proto:11: left out the streaming method `streaming.v1.Clock.Watch`: only unary methods are generated \
             so far"
        );
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
