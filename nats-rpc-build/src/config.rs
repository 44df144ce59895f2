use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use nats_rpc_codegen::ir::Parts;

use crate::error::Error;
use crate::generate::generate;
use crate::load::{Loaded, PROTOC, nearby};
use crate::package::runtime;
use crate::service_generator::ServiceGenerator;

/// How to compile, for those who need more than [`compile`](crate::compile).
///
/// # Examples
/// ```no_run
/// fn main() -> Result<(), nats_rpc_build::Error> {
///     nats_rpc_build::Config::new()
///         .build_server(false)
///         .prost(|prost| {
///             prost.bytes(["."]);
///         })
///         .compile(&["proto/greeter.proto"], &["proto"])
/// }
/// ```
#[must_use = "nothing happens before `compile`"]
pub struct Config {
    pub(crate) out_dir: Option<PathBuf>,
    pub(crate) include_file: Option<String>,
    pub(crate) runtime: String,
    pub(crate) prost: prost_build::Config,
    pub(crate) others: Vec<Box<dyn prost_build::ServiceGenerator>>,
    pub(crate) parts: Parts,
    reader: Reader,
}

/// What reads `.proto` files.
#[derive(Debug)]
enum Reader {
    /// A library.
    Protox,
    /// A program, at this path if there is one.
    Protoc(Option<PathBuf>),
}

impl Config {
    /// The default settings.
    pub fn new() -> Self {
        let config = Self {
            out_dir: None,
            include_file: None,
            runtime: String::new(),
            prost: prost_build::Config::new(),
            others: Vec::new(),
            parts: Parts::default(),
            reader: Reader::Protox,
        };
        config.runtime_path("::nats_rpc")
    }

    /// Writes the files into `directory` instead of the one that cargo gives build scripts, `OUT_DIR`.
    pub fn out_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(directory.into());
        self
    }

    /// Writes one more file of this name, which includes all others in nested modules, one for each segment of their
    /// packages. Packages that use each other's messages find them there.
    pub fn include_file(mut self, name: impl Into<String>) -> Self {
        self.include_file = Some(name.into());
        self
    }

    /// Where the generated code finds the runtime, if not at `::nats_rpc`.
    pub fn runtime_path(mut self, path: impl Into<String>) -> Self {
        self.runtime = path.into();
        self.prost.prost_path(format!("{}::codegen::prost", self.runtime));
        self.prost.prost_types_path(format!("{}::codegen::prost_types", self.runtime));
        self
    }

    /// Changes how prost generates the messages.
    ///
    /// Its settings about services and output (`service_generator`, `out_dir`, `include_file`, `format`) have no effect; a
    /// generator for services goes to [`also`](Self::also).
    pub fn prost(mut self, change: impl FnOnce(&mut prost_build::Config)) -> Self {
        change(&mut self.prost);
        self
    }

    /// Has protoc read the `.proto` files, which knows editions (2023, 2024, 2026): the program that the environment
    /// variable `PROTOC` names, or else `protoc` on the `PATH`.
    ///
    /// What is built in resolves all the same, and as without protoc a file in an include directory comes first. But
    /// files of `google/protobuf` are taken from there too, and then from protoc's own directory.
    pub fn use_protoc(mut self) -> Self {
        self.reader = Reader::Protoc(None);
        self
    }

    /// Has the protoc at this path read the `.proto` files, as [`use_protoc`](Self::use_protoc) does.
    pub fn protoc_executable(mut self, path: impl Into<PathBuf>) -> Self {
        self.reader = Reader::Protoc(Some(path.into()));
        self
    }

    /// Runs another generator for services too, which writes into the same files: the same messages then serve, say,
    /// tonic as well.
    ///
    /// # Examples
    /// ```text
    /// nats_rpc_build::Config::new()
    ///     .also(tonic_prost_build::configure().service_generator())
    ///     .compile(&["proto/greeter.proto"], &["proto"])
    /// ```
    pub fn also(mut self, generator: Box<dyn prost_build::ServiceGenerator>) -> Self {
        self.others.push(generator);
        self
    }

    /// Whether to generate clients. The default is yes.
    pub const fn build_client(mut self, yes: bool) -> Self {
        self.parts.client = yes;
        self
    }

    /// Whether to generate server traits and servers. The default is yes.
    pub const fn build_server(mut self, yes: bool) -> Self {
        self.parts.server = yes;
        self
    }

    /// Compiles `.proto` files that lie below one of the `includes`, and what they import.
    ///
    /// Writes one file for each package, such as `greeter.v1.rs` (`_.rs` without a package). A file that would not
    /// change is not touched. Tells cargo which `.proto` files were read.
    ///
    /// # Errors
    /// When a file can't be read, is not valid, or asks for something that can't be generated. The error prints as
    /// a message with file, line and column.
    pub fn compile(self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<(), Error> {
        let loaded = self.open(protos, includes)?;
        let told = self.instructions(&loaded);
        self.write(&loaded)?;
        // Nothing is said before: cargo runs a build script that fails again anyway, and shows what it has said.
        print!("{told}");
        Ok(())
    }

    /// Compiles all files of a serialized `google.protobuf.FileDescriptorSet`, as another build step or
    /// `protoc --include_imports --include_source_info --descriptor_set_out=FILE` has written it.
    ///
    /// It takes bytes, since the type of that name in `prost_types` loses custom options, those of nats-rpc among
    /// them. All that the files import has to be in the set; comments come from its source info. Files of an edition
    /// (2023, 2024, 2026) are read as what they mean in proto2 or proto3: what is encoded is the same.
    ///
    /// Cargo is told nothing. If the set is read from a file, say so with `cargo::rerun-if-changed`.
    ///
    /// # Errors
    /// When the bytes are no such set, an import is missing in it, or it asks for something that can't be generated.
    /// The error names file, line and column if the set has source info, and shows the line if the file is found,
    /// by its name, below the current directory or a directory in it such as `proto`.
    ///
    /// # Examples
    /// ```no_run
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     println!("cargo::rerun-if-changed=api.binpb");
    ///     let set = std::fs::read("api.binpb")?;
    ///     nats_rpc_build::Config::new().compile_descriptor_set(&set)?;
    ///     Ok(())
    /// }
    /// ```
    #[doc(alias = "compile_fds")]
    pub fn compile_descriptor_set(self, set: &[u8]) -> Result<(), Error> {
        let loaded = Loaded::of_set(set, nearby())?;
        self.write(&loaded)
    }

    /// A generator for services to give to prost, for build scripts that generate the messages with prost itself or
    /// with another generator around it. [`also`](Self::also) is the simpler way, where it will do.
    ///
    /// Reads the files by itself, since prost would lose their custom options, and checks all that [`compile`] does.
    /// It writes the descriptor sets of packages with services, to `OUT_DIR` or where [`out_dir`](Self::out_dir)
    /// says; prost's files have to go to the same directory. What is done for messages is left to prost: their
    /// comments, lists of lints, and [`prost`](Self::prost)'s settings. Tells cargo which `.proto` files were read.
    ///
    /// # Errors
    /// Those of [`compile`].
    ///
    /// # Examples
    /// ```text
    /// let services = nats_rpc_build::Config::new()
    ///     .service_generator(&["proto/greeter.proto"], &["proto"])?
    ///     .and(tonic_prost_build::configure().service_generator());
    /// prost_build::Config::new()
    ///     .service_generator(Box::new(services))
    ///     .compile_fds(protox::compile(["proto/greeter.proto"], ["proto"])?)?;
    /// ```
    ///
    /// [`compile`]: Self::compile
    pub fn service_generator(
        self,
        protos: &[impl AsRef<Path>],
        includes: &[impl AsRef<Path>],
    ) -> Result<ServiceGenerator, Error> {
        let loaded = self.open(protos, includes)?;
        let told = self.instructions(&loaded);
        let (out_dir, runtime, parts) = (self.directory()?, runtime(&self.runtime)?, self.parts);
        let mut output = generate(self, &loaded)?;
        output.files.retain(|name, _| name.ends_with(".binpb"));
        output.write(&out_dir)?;
        print!("{told}");
        Ok(ServiceGenerator::new(loaded.pool, runtime, parts))
    }

    fn open(&self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Loaded, Error> {
        match &self.reader {
            Reader::Protox => Loaded::open(protos, includes),
            Reader::Protoc(path) => Loaded::open_with_protoc(path.as_deref(), protos, includes),
        }
    }

    /// What cargo is told: the files that were read, and what says which protoc is run.
    fn instructions(&self, loaded: &Loaded) -> String {
        let mut lines: String =
            loaded.files_read().map(|file| format!("cargo::rerun-if-changed={}\n", file.display())).collect();
        if let Reader::Protoc(None) = self.reader {
            lines.push_str(&format!("cargo::rerun-if-env-changed={PROTOC}\n"));
        }
        lines
    }

    fn write(self, loaded: &Loaded) -> Result<(), Error> {
        let out_dir = self.directory()?;
        generate(self, loaded)?.write(&out_dir)
    }

    /// The directory to write into.
    fn directory(&self) -> Result<PathBuf, Error> {
        self.out_dir.clone().or_else(|| env::var_os("OUT_DIR").map(PathBuf::from)).ok_or_else(|| {
            Error::plain(
                "there is no directory to write to",
                "call this in a build script, where cargo sets OUT_DIR, or say `Config::out_dir`",
            )
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("out_dir", &self.out_dir)
            .field("include_file", &self.include_file)
            .field("runtime", &self.runtime)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use crate::load::Loaded;

    #[test]
    fn cargo_is_told_of_the_files_on_disk() {
        let directory = "../tests/golden/cases/packages";
        let loaded = Loaded::open(&[format!("{directory}/shop/v1/shop.proto")], &[directory]).expect("valid");
        let files = ["shop/common/money.proto", "shop/v1/shop.proto", "stock/v1/stock.proto"];
        let lines: String =
            files.map(|file| format!("cargo::rerun-if-changed={directory}/{file}\n")).concat();
        assert_eq!(Config::new().instructions(&loaded), lines);
        let with_protoc = Config::new().use_protoc().instructions(&loaded);
        assert_eq!(with_protoc, format!("{lines}cargo::rerun-if-env-changed=PROTOC\n"));
    }
}
