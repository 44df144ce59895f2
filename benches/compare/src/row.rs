use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::worker::Role;

/// Variants of the same thing, which are measured alternately.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The scenario, and what sets this row of it apart beside its load: `unary`.
    pub(crate) name: String,
    pub(crate) load: Load,
    /// How often each variant is measured.
    pub(crate) rounds: usize,
    pub(crate) variants: Vec<Variant>,
}

/// What a client does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Load {
    /// Bytes in each message; 0 where nobody loads anything.
    pub(crate) payload: usize,
    /// Calls, or streams, at once.
    pub(crate) concurrency: usize,
    /// Not measured, at the beginning.
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

impl Load {
    /// For half as long.
    pub(crate) fn halved(&self) -> Self {
        Self { warm_up: self.warm_up / 2, window: self.window / 2, ..self.clone() }
    }
}

/// One way to do it.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    /// How it can be set up. If there are several, each is tried briefly and the best is measured.
    pub(crate) setups: Vec<Setup>,
    /// Whether allocations are counted too, once, in a run of its own: counting makes all slower.
    pub(crate) counts_allocations: bool,
}

/// The processes of one measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// Tells it from the others of its variant.
    pub(crate) name: String,
    /// Each is a process.
    pub(crate) servers: Vec<Role>,
    pub(crate) client: Role,
}

impl Row {
    /// What `--only` is compared with: `unary 16 B c=64`.
    pub(crate) fn label(&self) -> String {
        match self.load.payload {
            0 => self.name.clone(),
            payload => format!("{} {} c={}", self.name, bytes(payload), self.load.concurrency),
        }
    }
}

/// A size as people write it.
pub(crate) fn bytes(size: usize) -> String {
    match size {
        size if size >= 1024 && size % 1024 == 0 => format!("{} KiB", size / 1024),
        size => format!("{size} B"),
    }
}
