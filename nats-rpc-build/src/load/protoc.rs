use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Loaded;
use super::messages::explained;
use crate::builtin;
use crate::error::Error;

/// The environment variable that names protoc.
pub(crate) const VARIABLE: &str = "PROTOC";

impl Loaded {
    /// Opens `.proto` files as [`Loaded::open`] does, but has protoc read them.
    pub(crate) fn open_with_protoc(
        protoc: Option<&Path>,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<Self, Error> {
        let includes: Vec<_> = includes.iter().map(AsRef::as_ref).collect();
        let run = Run { protoc: named(protoc), directory: directory()?, includes };
        let set = run.descriptor_set(protos);
        // It is of no use to anybody else, and what is left over there does no harm.
        drop(fs::remove_dir_all(&run.directory));
        Self::of_set(&set?, |name| locate(name, &run.includes))
    }
}

/// What is to be run: as the build script says, else as the environment says, else from the `PATH`.
fn named(protoc: Option<&Path>) -> PathBuf {
    let from_env = || env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    protoc.map(Path::to_owned).or_else(from_env).unwrap_or_else(|| PathBuf::from("protoc"))
}

/// Where protoc finds a file: in the first directory that has it.
pub(super) fn locate(name: &str, includes: &[&Path]) -> Option<PathBuf> {
    includes.iter().map(|include| include.join(name)).find(|path| path.is_file())
}

/// A directory for one run: build scripts run side by side, and a test may have several threads.
fn directory() -> Result<PathBuf, Error> {
    let name = format!("nats-rpc-build-{}-{:?}", std::process::id(), std::thread::current().id());
    let directory = env::temp_dir().join(name.replace(['(', ')'], "-"));
    fs::create_dir_all(&directory).map_err(|error| not_written(&directory, &error))?;
    Ok(directory)
}

fn not_written(path: &Path, error: &std::io::Error) -> Error {
    Error::plain(
        format!("can't write {}: {error}", path.display()),
        "protoc needs a directory for temporary files that is writable",
    )
}

struct Run<'a> {
    protoc: PathBuf,
    /// For the files that go to protoc and come from it.
    directory: PathBuf,
    includes: Vec<&'a Path>,
}

impl Run<'_> {
    fn descriptor_set(&self, protos: &[impl AsRef<Path>]) -> Result<Vec<u8>, Error> {
        let (builtin, out) = (self.directory.join("builtin.binpb"), self.directory.join("out.binpb"));
        fs::write(&builtin, builtin::descriptor_set()?).map_err(|error| not_written(&builtin, &error))?;
        let mut command = Command::new(&self.protoc);
        command.args(["--include_imports", "--include_source_info"]);
        // What is in no include directory is taken from here.
        command.arg(option("--descriptor_set_in=", &builtin)).arg(option("--descriptor_set_out=", &out));
        command.args(self.includes.iter().map(|include| option("--proto_path=", include)));
        let output = command
            .args(protos.iter().map(AsRef::as_ref))
            .output()
            .map_err(|error| not_run(&self.protoc, &error))?;
        if !output.status.success() {
            return Err(explained(&String::from_utf8_lossy(&output.stderr), &self.includes));
        }
        fs::read(&out).map_err(|error| not_run(&self.protoc, &error))
    }
}

fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push(path);
    option
}

fn not_run(protoc: &Path, error: &std::io::Error) -> Error {
    let protoc = protoc.display();
    let message = if error.kind() == ErrorKind::NotFound {
        format!("there is no protoc at `{protoc}`")
    } else {
        format!("can't run protoc at `{protoc}`: {error}")
    };
    Error::plain(
        message,
        "install protoc (package `protobuf-compiler` or `protobuf`), set the environment variable PROTOC to its \
         path, or leave `Config::use_protoc` out if no file is of an edition",
    )
}
