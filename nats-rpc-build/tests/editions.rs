//! A file of an edition gives the same code as the file of proto2 or proto3 that means the same.
//!
//! The descriptor sets beside `tests/golden` are made by protoc, which comes with a crate.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use nats_rpc_build::Config;

/// In the words of proto3 what `cases/editions` says.
const PROTO3: &str = r#"
syntax = "proto3";
package editions.v1;
// A library of an edition.
service Shelf {
  // Puts a book on it.
  rpc Put(Book) returns (Place);

  rpc Watch(Place) returns (stream Book);
}
message Book {
  // Can be told from an empty one.
  optional string title = 1;
  int32 pages = 2;
  optional Kind kind = 3;
  repeated int32 chapters = 4;
  repeated int32 marks = 5 [packed = false];
  map<string, Place> copies = 6;
  Place place = 7;
  oneof owner {
    string reader = 8;
    uint64 branch = 9;
  }
  repeated string authors = 10;
  optional bytes scan = 11;
  message Page {}
  enum Kind {
    KIND_UNKNOWN = 0;
    KIND_NOVEL = 1;
  }
}
message Place {
  uint32 row = 1;
  optional uint32 column = 2;
}
"#;

/// In the words of proto2 what `cases/editions_proto2` says. A group has a type of its own there, so its fields differ
/// in the name only.
const PROTO2: &str = r#"
syntax = "proto2";
package editions.old;
service Archive {
  rpc Store(Record) returns (Record);
}
message Record {
  required string id = 1;
  optional int32 copies = 2 [default = 3];
  PARTS
  repeated int32 sizes = 5;
  repeated int32 packed = 6 [packed = true];
  optional Level level = 7;
  map<int32, Part> parts = 8;
  oneof choice {
    Part chosen = 9;
    Record whole = 10;
  }
  optional Record before = 11;
  extensions 100 to 199;
  message Part {
    optional string name = 1;
  }
  enum Level {
    LEVEL_LOW = 1;
    LEVEL_HIGH = 2;
  }
}
extend Record {
  repeated int32 extras = 100;
}
"#;

#[test]
fn the_kept_sets_are_what_protoc_makes() {
    for case in ["cases/editions", "cases/editions_proto2", "errors/editions_mixed", "errors/set_names"] {
        let directory = Path::new("../tests/golden").join(case);
        let (kept, made) = (directory.join("in.binpb"), protoc(&directory));
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&kept, &made).expect("to write a file");
        }
        assert!(
            fs::read(&kept).is_ok_and(|kept| kept == made),
            "{case}: UPDATE_GOLDEN=1 would change the set"
        );
    }
}

#[test]
fn explicit_and_implicit_presence_are_those_of_proto3() {
    let expected = from_proto("editions-proto3", PROTO3, "editions.v1");
    assert_eq!(from_set("cases/editions", "editions.v1"), expected);
}

#[test]
fn required_fields_and_closed_enums_are_those_of_proto2() {
    let fields = "optional Part part = 3; repeated Part more = 4;";
    let (code, set) = from_proto("editions-proto2", &PROTO2.replace("PARTS", fields), "editions.old");
    let (edition, lowered) = from_set("cases/editions_proto2", "editions.old");
    assert_eq!(edition.matches("#[prost(group, ").count(), 5, "{edition}");
    // A oneof with groups has no `Eq`.
    let code = code.replace(
        "PartialEq, Eq, Hash, ::nats_rpc::codegen::prost::Oneof",
        "PartialEq, ::nats_rpc::codegen::prost::Oneof",
    );
    assert_eq!(edition.replace("#[prost(group, ", "#[prost(message, "), code);
    // The types of these fields are groups (10), not messages (11).
    let differing: Vec<_> = lowered.iter().zip(&set).filter(|(a, b)| a != b).collect();
    assert_eq!((lowered.len(), differing), (set.len(), vec![(&10, &11); 5]));
}

/// The set that protoc makes from `in.proto`.
fn protoc(directory: &Path) -> Vec<u8> {
    let out = scratch("protoc").join(format!("{}.binpb", directory.file_name().expect("a name").display()));
    let status = Command::new(protoc_bin_vendored::protoc_bin_path().expect("a protoc for this platform"))
        .arg(format!("-I{}", directory.display()))
        .arg(format!("--descriptor_set_out={}", out.display()))
        .args(["--include_imports", "--include_source_info", "in.proto"])
        .status()
        .expect("to run");
    assert!(status.success());
    fs::read(out).expect("a set")
}

/// Code and descriptor set of a package.
fn from_set(case: &str, package: &str) -> (String, Vec<u8>) {
    let (out, set) = (scratch(case), fs::read(format!("../tests/golden/{case}/in.binpb")).expect("a set"));
    Config::new().out_dir(&out).compile_descriptor_set(&set).expect("compiles");
    output(&out, package)
}

fn from_proto(name: &str, text: &str, package: &str) -> (String, Vec<u8>) {
    let out = scratch(name);
    let proto = out.join("in.proto");
    fs::write(&proto, text).expect("to write a file");
    Config::new().out_dir(&out).compile(&[&proto], &[&out]).expect("compiles");
    output(&out, package)
}

fn output(directory: &Path, package: &str) -> (String, Vec<u8>) {
    let path = |extension| directory.join(format!("{package}.{extension}"));
    (fs::read_to_string(path("rs")).expect("code"), fs::read(path("binpb")).expect("a set"))
}

fn scratch(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editions").join(name);
    fs::create_dir_all(&directory).expect("a directory");
    directory
}
