use std::env;
use std::path::{Path, PathBuf};

use crate::check;
use crate::config::{Config, Reader};
use crate::descriptors::Descriptors;
use crate::error::Error;
use crate::generate::generate;
use crate::load::{Loaded, PROTOC, nearby};
use crate::output;
use crate::package::runtime;
use crate::service_generator::ServiceGenerator;

/// What can be done with a configuration.
impl Config {
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
        self.write_only(&loaded, |_| true)?;
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
        self.write_only(&loaded, |_| true)
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
        let (runtime, switches) = (runtime(&self.runtime)?, self.switches.clone());
        self.write_only(&loaded, |name| name.ends_with(".binpb"))?;
        print!("{told}");
        Ok(ServiceGenerator::new(loaded.pool, runtime, switches))
    }

    fn open(&self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result<Loaded, Error> {
        if protos.is_empty() {
            let help = "name the files with services; what they import is found by itself";
            return Err(Error::plain("there are no `.proto` files to compile", help));
        }
        match &self.reader {
            Reader::Protox => {
                let loaded = Loaded::open(protos, includes)?;
                let reports: Vec<_> =
                    loaded.pool.files().flat_map(|file| check::enums(&file, &loaded)).collect();
                Error::of_any(&reports)?;
                Ok(loaded)
            }
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

    /// Writes the generated files of some names, and the descriptor set that was asked for.
    fn write_only(mut self, loaded: &Loaded, names: impl Fn(&str) -> bool) -> Result<(), Error> {
        let (out_dir, descriptor_set) = (self.directory()?, self.descriptor_set.take());
        let mut output = generate(self, loaded)?;
        output.files.retain(|name, _| names(name));
        output.write(&out_dir)?;
        match descriptor_set {
            Some(path) => output::write(&path, &Descriptors::of(&loaded.pool).all(&loaded.pool)),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use crate::config::Config;
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
