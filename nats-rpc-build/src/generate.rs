use std::collections::BTreeMap;

use nats_rpc_codegen::ir::Parts;
use prost_build::Module;

use crate::comments::Comments;
use crate::config::Config;
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::links::Links;
use crate::load::Loaded;
use crate::output::Output;
use crate::package::{Code, Materials, Package};
use crate::prost::ByProst;
use crate::{check, modules, parallel};

/// Makes all files, in memory.
pub(crate) fn generate(mut config: Config, loaded: &Loaded) -> Result<Output, Error> {
    let packages = Package::all(loaded);
    check_names(&packages, config.parts, loaded)?;
    let mut comments = Comments::default();
    let files =
        packages.iter().flat_map(|(module, package)| package.files.iter().map(move |file| (module, file)));
    let ByProst { mut code, services } = ByProst::run(&mut config.prost, files, &mut comments, loaded)?;
    let links = Links::new(&loaded.pool, config.parts, config.include_file.is_some(), &code);
    let materials = Materials {
        runtime: &config.runtime,
        parts: config.parts,
        services: &services,
        comments: &comments,
        links: &links,
        loaded,
    };
    let by_prost: Vec<_> =
        packages.iter().map(|(module, package)| (package, code.remove(module).unwrap_or_default())).collect();
    let made = parallel::map(&by_prost, |(package, code)| package.code(code, &materials));

    let descriptors = Descriptors::of(&loaded.pool);
    let mut output = Output::default();
    let mut reports = Vec::new();
    for (package, code) in packages.values().zip(made) {
        let Code { text, has_services, reports: wrong } = code?;
        reports.extend(wrong);
        if has_services {
            output.files.insert(package.descriptor_set(), descriptors.set(&package.files));
        }
        if let Some(text) = text {
            output.modules.insert(package.name.clone());
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
