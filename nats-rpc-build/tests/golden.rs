//! What is generated for the files in `tests/golden/cases`, and what is said about those in `tests/golden/errors`, is
//! what is kept beside them.
//!
//! `UPDATE_GOLDEN=1 cargo test -p nats-rpc-build` writes them anew. The crate `golden` compiles what is kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use nats_rpc_build::Config;

#[test]
fn generated_code_is_as_kept() {
    let mut differences = Vec::new();
    for case in directories("cases") {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let out = scratch(&name);
        let config = config(&name).out_dir(&out).include_file("mod.rs");
        compile(config, &case).expect(&name);
        differences.extend(differences_between(&case.join("out"), &files(&out)));
    }
    assert!(differences.is_empty(), "UPDATE_GOLDEN=1 would change: {differences:#?}");
}

#[test]
fn nothing_is_written_twice() {
    let (case, out) = (golden().join("cases/unary"), scratch("twice"));
    let compile = || Config::new().out_dir(&out).compile(&protos(&case), &[&case]).expect("compiles");
    let written =
        || fs::metadata(out.join("greeter.v1.rs")).and_then(|file| file.modified()).expect("a file");
    compile();
    let first = written();
    compile();
    assert_eq!(written(), first);
}

#[test]
fn directories_are_made_and_what_is_none_is_named() {
    let (case, out) = (golden().join("cases/unary"), scratch("directories"));
    let config = |directory: &str| Config::new().out_dir(out.join(directory)).include_file("mod.rs");
    config("new").compile(&protos(&case), &[&case]).expect("compiles");
    assert!(out.join("new/mod.rs").exists());
    let error = config("new/greeter.v1.rs/below").compile(&protos(&case), &[&case]).expect_err("a file");
    assert!(error.to_string().contains("can't write"), "{error}");
}

#[test]
fn the_order_of_the_files_does_not_show() {
    for name in ["nested_packages", "name_scopes", "links", "google_packages"] {
        let case = golden().join("cases").join(name);
        let mut protos = protos(&case);
        let compile = |suffix, protos: &[PathBuf]| {
            let out = scratch(&format!("{name}-{suffix}"));
            Config::new().out_dir(&out).include_file("mod.rs").compile(protos, &[&case]).expect(name);
            files(&out)
        };
        let first = compile("order", &protos);
        protos.reverse();
        assert_eq!(compile("order-reversed", &protos), first);
        protos.rotate_left(1);
        assert_eq!(compile("order-rotated", &protos), first);
    }
}

#[test]
fn errors_read_as_kept() {
    let mut differences = Vec::new();
    for case in directories("errors") {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let out = scratch(&format!("error-{name}"));
        let config = Config::new().out_dir(&out).include_file("mod.rs");
        let error = compile(config, &case).expect_err(&name);
        assert!(files(&out).is_empty(), "{name}: nothing is written after an error");
        differences.extend(difference(&case.join("error.txt"), error.to_string().as_bytes()));
    }
    assert!(differences.is_empty(), "UPDATE_GOLDEN=1 would change: {differences:#?}");
}

#[test]
fn a_deep_chain_passes_where_the_crate_lets_rustc_look_deeper() {
    let case = golden().join("errors/deep_chain");
    let compile = |limit| {
        let config = Config::new().out_dir(scratch(&format!("deep-{limit}"))).recursion_limit(limit);
        config.compile(&protos(&case), &[&case])
    };
    compile(256).expect("what the error asks for");
    let _ = compile(127).expect_err("too deep");
}

#[test]
fn settings_that_can_not_be_are_named() {
    let case = golden().join("cases/unary");
    let refused = |config: Config| {
        let out = scratch("settings");
        let error = config.out_dir(&out).compile(&protos(&case), &[&case]).expect_err("refused");
        assert!(files(&out).is_empty(), "nothing is written after an error");
        error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let client = refused(Config::new().client_attribute("Nobody", "#[derive("));
    assert!(client.contains("`Config::client_attribute` was given `#[derive(` for \"Nobody\""), "{client}");
    let server = refused(Config::new().server_attribute(".", "must_use"));
    assert!(server.contains("`Config::server_attribute` was given `must_use`"), "{server}");
    let trait_ = refused(Config::new().trait_attribute(".", ""));
    assert!(trait_.contains("`Config::trait_attribute` was given ``"), "{trait_}");
    let feature = refused(Config::new().client_feature("a \"client\""));
    assert!(feature.contains("`Config::client_feature` was given \"a \\\"client\\\"\""), "{feature}");
    let feature = refused(Config::new().server_feature(""));
    assert!(feature.contains("`Config::server_feature` was given \"\""), "{feature}");
    for name in ["", "in/mod.rs", "in/"] {
        let include = refused(Config::new().include_file(name));
        assert!(include.contains("no name of a file"), "{include}");
    }
    let include = refused(Config::new().include_file("greeter.v1.rs"));
    assert!(include.contains("\"greeter.v1.rs\", which is the file of a package"), "{include}");
    let none = Config::new().compile(&[] as &[&Path], &[&case]).expect_err("refused").to_string();
    assert!(none.contains("there are no `.proto` files"), "{none}");
    let path = refused(Config::new().runtime_path("nats rpc"));
    assert!(path.contains("`nats rpc` is not a path"), "{path}");
}

/// From the descriptor set if there is one, else from the `.proto` files.
fn compile(config: Config, case: &Path) -> Result<(), nats_rpc_build::Error> {
    match fs::read(case.join("in.binpb")) {
        Ok(set) => config.compile_descriptor_set(&set),
        Err(_) => config.compile(&protos(case), &[case]),
    }
}

fn config(case: &str) -> Config {
    match case {
        "attributes" => Config::new()
            .client_attribute(".", "#[must_use]")
            .client_attribute(".attributes.v1.Echo", "#[derive(PartialEq, Eq)]")
            .server_attribute("Echo", "#[doc(alias = \"parrot\")]")
            .trait_attribute(".attributes", "#[diagnostic::on_unimplemented(note = \"see the guide\")]"),
        "client_only" => Config::new().build_server(false),
        "default_stubs" => Config::new().default_stubs(true),
        "features" => Config::new().client_feature("client").server_feature("server"),
        "runtime_path" => Config::new().runtime_path("crate::rpc"),
        "server_only" => Config::new().build_client(false),
        _ => Config::new(),
    }
}

/// Relative, for the sake of messages: tests run in the directory of their package.
fn golden() -> PathBuf {
    PathBuf::from("../tests/golden")
}

fn directories(under: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(golden().join(under)).expect(under);
    let mut all: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    all.sort();
    all
}

/// An empty directory to write into.
fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn protos(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(protos(&path));
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(directory) else { return BTreeMap::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read(&path).expect("a file"),
            )
        })
        .collect()
}

fn differences_between(kept: &Path, new: &BTreeMap<String, Vec<u8>>) -> Vec<PathBuf> {
    let mut differences = Vec::new();
    for name in files(kept).keys().filter(|name| !new.contains_key(*name)) {
        if update() {
            fs::remove_file(kept.join(name)).expect("to remove a file");
        } else {
            differences.push(kept.join(name));
        }
    }
    differences.extend(new.iter().filter_map(|(name, contents)| difference(&kept.join(name), contents)));
    differences
}

fn difference(kept: &Path, new: &[u8]) -> Option<PathBuf> {
    if fs::read(kept).is_ok_and(|old| old == new) {
        return None;
    }
    if !update() {
        return Some(kept.to_owned());
    }
    fs::create_dir_all(kept.parent().expect("a parent")).expect("a directory");
    fs::write(kept, new).expect("to write a file");
    None
}

fn update() -> bool {
    env::var_os("UPDATE_GOLDEN").is_some()
}
