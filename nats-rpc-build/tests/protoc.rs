//! protoc in place of the library that reads `.proto` files otherwise. It comes with a crate.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nats_rpc_build::{Config, Error};

/// Nothing there depends on it who has read the file. Descriptor sets with options have protoc's own `descriptor.proto`,
/// which is longer.
#[test]
fn it_gives_the_same_code() {
    for case in ["comments", "deprecated", "google_api", "options", "proto2", "streaming", "unary"] {
        let proto = Path::new("../tests/golden/cases").join(case);
        let protos = [proto.join("in.proto")];
        let (by_protoc, other) = (scratch(case, "protoc"), scratch(case, "protox"));
        with_protoc(&by_protoc).compile(&protos, &[&proto]).expect(case);
        Config::new().out_dir(&other).compile(&protos, &[&proto]).expect(case);
        assert_eq!(code(&by_protoc), code(&other), "{case}");
    }
}

#[test]
fn editions_are_read() {
    let case = Path::new("../tests/golden/cases/editions");
    let out = scratch("editions", "protoc");
    with_protoc(&out).compile(&[case.join("in.proto")], &[case]).expect("compiles");
    let mut kept = code(&case.join("out"));
    kept.remove("mod.rs");
    assert_eq!(code(&out), kept);
}

/// Its file becomes one of proto2, where enums are closed; but protoc has seen to it that this one is not.
#[test]
fn an_open_enum_of_an_edition_is_one_for_proto3() {
    let out = scratch("open-enum", "protoc");
    let edition = "edition = \"2023\";\npackage a;\nenum Size { SMALL = 0; LARGE = 1; }\n\
                   message Box { Size size = 1 [features.field_presence = LEGACY_REQUIRED]; }\n";
    let proto3 =
        "syntax = \"proto3\";\npackage b;\nimport \"a.proto\";\nmessage Shelf { a.Size size = 1; }\n";
    fs::write(out.join("a.proto"), edition).expect("to write a file");
    fs::write(out.join("b.proto"), proto3).expect("to write a file");
    with_protoc(&out).compile(&[out.join("b.proto")], &[&out]).expect("compiles");
    let code = code(&out);
    assert!(code["a.rs"].contains("enumeration = \"Size\", required"), "{}", code["a.rs"]);
    assert!(code["b.rs"].contains("enumeration = \"super::a::Size\""), "{}", code["b.rs"]);
}

#[test]
fn options_of_an_edition_are_kept() {
    let out = scratch("edition-options", "protoc");
    let text = "edition = \"2024\";\npackage a;\nimport option \"nats/rpc/v1/options.proto\";\n\
                import option \"google/protobuf/cpp_features.proto\";\n\
                option features.(pb.cpp).string_type = VIEW;\n\
                service Notes {\n  option (nats.rpc.v1.service) = { subject: \"notes\" };\n  \
                rpc Write(Note) returns (Note);\n}\nexport message Note { string text = 1; }\n";
    fs::write(out.join("in.proto"), text).expect("to write a file");
    with_protoc(&out).compile(&[out.join("in.proto")], &[&out]).expect("compiles");
    let code = code(&out);
    assert_eq!(code.keys().collect::<Vec<_>>(), ["a.rs"]);
    assert!(code["a.rs"].contains(".with_subject(\"notes.Write\")"), "{}", code["a.rs"]);
}

#[test]
fn its_errors_have_the_line() {
    let out = scratch("error", "protoc");
    fs::write(out.join("in.proto"), "syntax = \"proto3\";\nmessage Hello {\n  Bad bad = 1;\n}\n")
        .expect("to write a file");
    let error = with_protoc(&out).compile(&[out.join("in.proto")], &[&out]).expect_err("an error");
    let expected = "  × \"Bad\" is not defined.\n   ╭─[in.proto:3:3]\n 2 │ message Hello {\n 3 │   Bad bad = 1;\n   ·   ┬\n   \
                    ·   ╰── here\n 4 │ }\n   ╰────\n";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn ours_have_it_too() {
    for name in ["colliding_methods", "methods_behind_tabs"] {
        let case = Path::new("../tests/golden/errors").join(name);
        let out = scratch(name, "protoc");
        let error = with_protoc(&out).compile(&[case.join("in.proto")], &[&case]).expect_err("an error");
        assert_eq!(error.to_string(), fs::read_to_string(case.join("error.txt")).expect("an error"));
    }
}

#[test]
fn imports_that_are_not_there_and_files_that_are_not_are_named() {
    let out = scratch("import", "protoc");
    fs::write(out.join("in.proto"), "syntax = \"proto3\";\nimport \"a.proto\";\n").expect("to write a file");
    let compile = |name: &str| with_protoc(&out).compile(&[out.join(name)], &[&out]).expect_err("an error");
    contains(
        &compile("in.proto"),
        &["× a.proto: File not found.", "in.proto:2:1", "help: files are looked for"],
    );
    contains(&compile("other.proto"), &["other.proto: No", "such file", "help: paths are relative"]);
}

#[test]
fn no_protoc_is_an_error() {
    let case = Path::new("../tests/golden/cases/unary");
    let config = Config::new().out_dir(scratch("none", "protoc")).protoc_executable("nowhere/protoc");
    let error = config.compile(&[case.join("in.proto")], &[case]).expect_err("an error");
    contains(&error, &["there is no protoc at `nowhere/protoc`", "set the environment variable PROTOC"]);
}

#[track_caller]
fn contains(error: &Error, parts: &[&str]) {
    // Lines are broken where they would be too long, within a long path too.
    let without_breaks = |text: &str| text.replace(|c: char| c.is_whitespace() || c == '│', "");
    let text = without_breaks(&error.to_string());
    for part in parts {
        assert!(text.contains(&without_breaks(part)), "{error}");
    }
}

fn with_protoc(out: &Path) -> Config {
    let protoc = protoc_bin_vendored::protoc_bin_path().expect("a protoc for this platform");
    Config::new().out_dir(out).protoc_executable(protoc)
}

fn code(directory: &Path) -> BTreeMap<String, String> {
    let paths = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let code = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    code.map(|path| {
        let name = path.file_name().expect("a name").display().to_string();
        (name, fs::read_to_string(path).expect("a file"))
    })
    .collect()
}

fn scratch(name: &str, by: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("protoc").join(format!("{name}-{by}"));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir_all(&directory).expect("a directory");
    directory
}
