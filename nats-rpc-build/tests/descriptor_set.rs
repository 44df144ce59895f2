//! Descriptor sets that do not hold what they should are errors, never panics.

use std::fs;
use std::path::{Path, PathBuf};

use nats_rpc_build::Config;

#[test]
fn bytes_that_are_no_set_are_named() {
    check(b"", "the descriptor set can't be used: there are no files in it");
    check(b"syntax = \"proto3\";", "the descriptor set can't be used: ");
    check(&kept()[..100], "the descriptor set can't be used: ");
}

#[test]
fn missing_imports_are_named() {
    let file = b"\x0a\x20\x0a\x07a.proto\x1a\x0db/other.proto\x62\x06proto3";
    check(file, "a.proto: import 'b/other.proto' is not in the descriptor set");
}

#[test]
fn other_syntaxes_and_editions_are_named() {
    check(b"\x0a\x11\x0a\x07a.proto\x62\x06proto9", "a.proto: the syntax `proto9` is not known");
    let edition = b"\x0a\x16\x0a\x07a.proto\x62\x08editions\x70\x8f\x4e";
    check(edition, "a.proto: its edition (number 9999) is not known");
}

/// Bits turned over, and ends cut off.
#[test]
fn broken_sets_do_not_panic() {
    let set = kept();
    let mut errors = 0;
    let places = (0..set.len()).step_by(5);
    let count = places.len();
    for at in places {
        let mut broken = set.clone();
        broken[at] ^= 1 << (at % 8);
        errors += usize::from(compile(&broken).is_err());
        errors += usize::from(compile(&set[..at]).is_err());
    }
    assert!(errors > count, "{errors} errors of {count} broken and as many cut");
}

#[track_caller]
fn check(set: &[u8], start: &str) {
    let error = compile(set).expect_err("an error").to_string();
    assert!(error.trim_start().starts_with(&format!("× {start}")), "{error}");
}

fn compile(set: &[u8]) -> Result<(), nats_rpc_build::Error> {
    Config::new().out_dir(scratch()).include_file("mod.rs").compile_descriptor_set(set)
}

fn kept() -> Vec<u8> {
    fs::read("../tests/golden/cases/editions/in.binpb").expect("a set")
}

fn scratch() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("descriptor-set");
    fs::create_dir_all(&directory).expect("a directory");
    directory
}

/// What was written can be read again, and has lost nothing but comments.
#[test]
fn a_set_that_was_written_can_be_compiled() {
    let case = Path::new("../tests/golden/cases/options");
    let (first, second) = (scratch().join("first"), scratch().join("second"));
    for directory in [&first, &second] {
        fs::create_dir_all(directory).expect("a directory");
    }
    let path = scratch().join("options.binpb");
    let config = Config::new().out_dir(&first).file_descriptor_set_path(&path);
    config.compile(&[case.join("in.proto")], &[case]).expect("compiles");
    let config = Config::new().out_dir(&second).file_descriptor_set_path(second.join("again.binpb"));
    config.compile_descriptor_set(&fs::read(&path).expect("a set")).expect("compiles");

    let read = |path: PathBuf| fs::read(path).expect("a file");
    assert!(read(path) == read(second.join("again.binpb")));
    assert!(read(first.join("options.v1.binpb")) == read(second.join("options.v1.binpb")));
    let bare = |directory: &Path| {
        let code = fs::read_to_string(directory.join("options.v1.rs")).expect("code");
        code.lines().filter(|line| !line.trim_start().starts_with("///")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(bare(&first), bare(&second));
}
