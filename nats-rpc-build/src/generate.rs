use std::collections::BTreeMap;
use std::path::Path;

use nats_rpc_codegen::ir::Parts;
use prost_build::Module;

use crate::comments::Comments;
use crate::config::Config;
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::links::Links;
use crate::load::Loaded;
use crate::merge::Shared;
use crate::output::Output;
use crate::package::{Code, Materials, Package};
use crate::prost::ByProst;
use crate::{check, google, groups, modules, package, parallel};

/// Makes all files, in memory.
pub(crate) fn generate(mut config: Config, loaded: &Loaded) -> Result<Output, Error> {
    config.switches.check()?;
    package::check_runtime(&config.runtime)?;
    let is_name = |name: &&String| Path::new(name).file_name().is_some_and(|file| file == name.as_str());
    if let Some(name) = config.include_file.as_ref().filter(|name| !is_name(name)) {
        return Err(no_include_file(name, "no name of a file"));
    }
    let packages = Package::all(loaded);
    check_names(&packages, config.switches.parts, loaded)?;
    let files = packages.values().flat_map(|package| &package.files);
    Error::of_any(check::depth(files, config.recursion_limit, loaded).as_slice())?;
    let mut comments = Comments::default();
    let files =
        packages.iter().flat_map(|(module, package)| package.files.iter().map(move |file| (module, file)));
    groups::box_recursive(&mut config.prost, &loaded.pool);
    google::share_package(&mut config.prost, &loaded.pool, &config.runtime);
    let ByProst { mut code, services } = ByProst::run(&mut config, files, &mut comments, loaded)?;
    let links = Links::new(&loaded.pool, config.switches.parts, config.include_file.is_some(), &code);
    let by_prost: Vec<_> =
        packages.iter().map(|(module, package)| (package, code.remove(module).unwrap_or_default())).collect();
    // Without an include file, nobody knows where the modules of packages will be.
    let shared = if config.include_file.is_some() {
        let coded = by_prost.iter().filter(|(package, code)| !code.is_empty() || package.has_services());
        Shared::of(coded.map(|(package, _)| package.name.as_str()))
    } else {
        Shared::default()
    };
    let materials = Materials {
        runtime: &config.runtime,
        switches: &config.switches,
        services: &services,
        comments: &comments,
        links: &links,
        loaded,
        shared: &shared,
    };
    let made = parallel::map(&by_prost, |(package, code)| package.code(code, &materials));

    let descriptors = Descriptors::of(&loaded.pool);
    let mut output = Output::default();
    let mut elsewhere = Vec::new();
    let mut reports = Vec::new();
    for (package, code) in packages.values().zip(made) {
        let Code { text, elsewhere: others, reports: wrong } = code?;
        elsewhere.extend(others);
        reports.extend(wrong);
        if package.has_services() {
            output.files.insert(package.descriptor_set(), descriptors.set(&package.files));
        }
        if let Some(text) = text {
            output.add(&package.name, &text);
        }
    }
    for (package, text) in elsewhere {
        output.add(&package, &text);
    }
    if config.include_file.is_some() {
        let included = packages.values().filter(|package| output.modules.contains(&package.name));
        let files: Vec<_> = included.flat_map(|package| package.files.iter().cloned()).collect();
        reports.extend(check::modules(&files, config.switches.parts, loaded));
    }
    Error::of_any(&reports)?;
    if let Some(name) = config.include_file {
        if output.files.contains_key(&name) {
            return Err(no_include_file(&name, "the file of a package"));
        }
        output.files.insert(name, modules::include_file(&output.modules).into_bytes());
    }
    Ok(output)
}

fn no_include_file(name: &str, why: &str) -> Error {
    Error::plain(
        format!("`Config::include_file` was given \"{}\", which is {why}", name.escape_debug()),
        "give it a name of its own, such as \"mod.rs\"; it stands beside the files that it includes",
    )
}

/// Finds what prost and rustc would stumble over.
fn check_names(packages: &BTreeMap<Module, Package>, parts: Parts, loaded: &Loaded) -> Result<(), Error> {
    let mut reports = Vec::new();
    for package in packages.values() {
        reports.extend(check::package(package.files.iter(), parts, loaded));
        for file in &package.files {
            reports.extend(check::blank(file, loaded));
            reports.extend(check::types(file, loaded));
            reports.extend(check::members(file, loaded));
            reports.extend(check::accessors(file, loaded));
        }
    }
    reports.extend(check::subjects(packages.values().flat_map(|package| &package.files), loaded));
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
        let imported =
            ["google/protobuf/descriptor.proto", "google/rpc/code.proto", "nats/rpc/v1/options.proto"];
        assert_eq!(names, [&imported[..], &["in.proto"]].concat());
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
