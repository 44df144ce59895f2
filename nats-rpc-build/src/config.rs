use std::fmt;
use std::path::PathBuf;

use crate::attributes::Item;
use crate::switches::Switches;

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
    pub(crate) switches: Switches,
    pub(crate) recursion_limit: usize,
    pub(crate) others: Vec<Box<dyn prost_build::ServiceGenerator>>,
    pub(crate) reader: Reader,
    pub(crate) descriptor_set: Option<PathBuf>,
}

/// What reads `.proto` files.
#[derive(Debug)]
pub(crate) enum Reader {
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
            switches: Switches::default(),
            recursion_limit: 128,
            others: Vec::new(),
            reader: Reader::Protox,
            descriptor_set: None,
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

    /// Writes one more file to this path, relative to the current directory: the serialized
    /// `google.protobuf.FileDescriptorSet` of all that was compiled, imports included, as reflection services, gateways
    /// and tools take it.
    ///
    /// Custom options are in it; comments and positions are not, which are most of a set. Files of an edition are in
    /// it as what they mean in proto2 or proto3, so that readers need not know editions. The sets that generated code
    /// holds are the same, for one package each.
    pub fn file_descriptor_set_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.descriptor_set = Some(path.into());
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
        self.switches.parts.client = yes;
        self
    }

    /// Whether to generate server traits and servers. The default is yes.
    pub const fn build_server(mut self, yes: bool) -> Self {
        self.switches.parts.server = yes;
        self
    }

    /// Puts clients behind a cargo feature of the crate that includes them: `#[cfg(feature = "..")]` stands on every
    /// item of a client. Messages and the facts about services are there with every feature.
    ///
    /// The feature has to be declared in that crate's `Cargo.toml`, or rustc warns about an unexpected `cfg`.
    ///
    /// # Examples
    /// ```
    /// # use nats_rpc_build::Config;
    /// let config = Config::new().client_feature("client").server_feature("server");
    /// # drop(config);
    /// ```
    pub fn client_feature(mut self, feature: impl Into<String>) -> Self {
        self.switches.features.client = Some(feature.into());
        self
    }

    /// Puts server traits and servers behind a cargo feature, as [`client_feature`](Self::client_feature) does with
    /// clients.
    ///
    /// # Examples
    /// ```
    /// # use nats_rpc_build::Config;
    /// let config = Config::new().server_feature("server");
    /// # drop(config);
    /// ```
    pub fn server_feature(mut self, feature: impl Into<String>) -> Self {
        self.switches.features.server = Some(feature.into());
        self
    }

    /// Whether an implementation may leave RPCs out, which then answer `UNIMPLEMENTED`. The default is no: leaving one
    /// out is a compile error.
    ///
    /// With it, a new RPC in a `.proto` does not break the implementations that are there.
    ///
    /// # Examples
    /// ```
    /// # use nats_rpc_build::Config;
    /// let config = Config::new().default_stubs(true);
    /// # drop(config);
    /// ```
    pub const fn default_stubs(mut self, yes: bool) -> Self {
        self.switches.default_stubs = yes;
        self
    }

    /// Adds an attribute to the clients that `path` means.
    ///
    /// Paths are as in prost's settings: `.` is every service, `.greeter.v1` every one in that package and those in it,
    /// `.greeter.v1.Greeter` that one, and `Greeter` or `v1.Greeter` every one whose full name ends so. If several
    /// calls mean a client, it gets all their attributes, in the order of the calls.
    ///
    /// The attribute stands on the struct only: see [`client_feature`](Self::client_feature) for a `cfg`.
    ///
    /// # Examples
    /// ```
    /// # use nats_rpc_build::Config;
    /// let config = Config::new().client_attribute(".greeter.v1", "#[must_use]");
    /// # drop(config);
    /// ```
    pub fn client_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.switches.attributes.add(Item::Client, path.into(), attribute.into());
        self
    }

    /// Adds an attribute to the servers that `path` means, as [`client_attribute`](Self::client_attribute) does to
    /// clients.
    ///
    /// # Examples
    /// ```
    /// # use nats_rpc_build::Config;
    /// let config = Config::new().server_attribute("Greeter", "#[doc(alias = \"hello\")]");
    /// # drop(config);
    /// ```
    pub fn server_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.switches.attributes.add(Item::Server, path.into(), attribute.into());
        self
    }

    /// Adds an attribute to the traits that `path` means, as [`client_attribute`](Self::client_attribute) does to
    /// clients.
    ///
    /// # Examples
    /// ```
    /// # use nats_rpc_build::Config;
    /// let config = Config::new().trait_attribute(".", "#[diagnostic::on_unimplemented(note = \"see the guide\")]");
    /// # drop(config);
    /// ```
    pub fn trait_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.switches.attributes.add(Item::Trait, path.into(), attribute.into());
        self
    }

    /// How deep rustc looks through types in the crate that includes the code: what it says as `#![recursion_limit]`.
    /// The default is rustc's own, 128, enough for about 60 messages in one another. A longer chain is an error.
    pub const fn recursion_limit(mut self, limit: usize) -> Self {
        self.recursion_limit = limit;
        self
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
            .field("switches", &self.switches)
            .field("recursion_limit", &self.recursion_limit)
            .finish_non_exhaustive()
    }
}
