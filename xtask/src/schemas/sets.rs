//! Which packages are tried. Versions are fixed, so that a new release of theirs is no surprise here.

use crate::error::Error;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A package with `.proto` files.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) version: &'static str,
    /// Include directories below the package.
    pub(super) includes: &'static [&'static str],
    /// What is generated below them; all if there is none.
    pub(super) only: &'static [&'static str],
    /// Files in these directories are left out, but for the well-known ones of `google/protobuf`.
    pub(super) but: &'static [&'static str],
    /// Numbers of services and methods.
    pub(super) known: Option<(usize, usize)>,
}

/// Where a package comes from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    Crate,
    Pip,
    Npm,
    /// It is here already.
    Dir,
}

impl Set {
    pub(super) const DEFAULT: Self = Self {
        name: "",
        source: Source::Crate,
        version: "",
        includes: &["."],
        only: &[],
        but: &[],
        known: None,
    };

    pub(super) fn includes(&self, root: &Path) -> Result<Vec<PathBuf>, Error> {
        let paths = self.includes.iter().map(|include| root.join(include));
        paths.map(|path| Ok(fs::canonicalize(path)?)).collect()
    }
}

/// Those that must pass.
pub(super) const SETS: &[Set] = &[
    Set {
        name: "opentelemetry-proto",
        version: "0.33.1",
        includes: &["src/proto/opentelemetry-proto"],
        known: Some((4, 4)),
        ..Set::DEFAULT
    },
    Set {
        name: "etcd-client",
        version: "0.21.1",
        includes: &["proto"],
        known: Some((8, 49)),
        ..Set::DEFAULT
    },
    Set {
        name: "qdrant-client",
        version: "1.20.0",
        includes: &["proto"],
        known: Some((5, 55)),
        ..Set::DEFAULT
    },
    Set { name: "k8s-cri", version: "0.11.0", includes: &["proto"], known: Some((4, 63)), ..Set::DEFAULT },
    Set {
        name: "milvus-sdk-rust",
        version: "3.0.3",
        includes: &["milvus-proto/proto"],
        known: Some((4, 155)),
        ..Set::DEFAULT
    },
    Set {
        name: "envoy-types",
        version: "0.7.7",
        includes: &[
            "proto/data-plane-api",
            "proto/cel-spec/proto",
            "proto/client_model",
            "proto/googleapis",
            "proto/opentelemetry-proto",
            "proto/protoc-gen-validate",
            "proto/ratelimit/api",
            "proto/xds",
        ],
        ..Set::DEFAULT
    },
    Set {
        name: "googleapis-common-protos",
        source: Source::Pip,
        version: "1.76.0",
        only: &["google"],
        known: Some((2, 7)),
        ..Set::DEFAULT
    },
    Set {
        name: "google-proto-files",
        source: Source::Npm,
        version: "5.0.3",
        only: &["google", "grafeas"],
        // Tests of Google's own generators.
        but: &["google/protobuf"],
        ..Set::DEFAULT
    },
];

/// Those of `--more`.
pub(super) const MORE: &[Set] = &[];
