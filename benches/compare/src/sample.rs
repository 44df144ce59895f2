use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one measurement found: numbers by name. The names are those of the report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sample(BTreeMap<String, f64>);

/// Calls or items in the window.
pub(crate) const CALLS: &str = "calls";
/// How long the window was.
pub(crate) const SECONDS: &str = "seconds";
/// Calls that failed in the window.
pub(crate) const ERRORS: &str = "errors";
pub(crate) const PER_SECOND: &str = "per_second";
pub(crate) const P50_US: &str = "p50_us";
pub(crate) const P99_US: &str = "p99_us";
pub(crate) const P999_US: &str = "p999_us";
/// How late calls were begun that begin at fixed times; their latencies contain it.
pub(crate) const LATE_P99_US: &str = "late_p99_us";
/// Processor time of client and servers together.
pub(crate) const CPU_US: &str = "cpu_us_per_call";
pub(crate) const CPU_CLIENT_US: &str = "cpu_client_us";
pub(crate) const CPU_SERVER_US: &str = "cpu_server_us";
pub(crate) const CPU_BROKER_US: &str = "cpu_broker_us";
/// The highest resident memory of client and servers together.
pub(crate) const PEAK_MEMORY_KB: &str = "peak_memory_kb";
/// Calls or streams that were opened in the window, and are open at its end.
pub(crate) const HELD: &str = "held";
/// What each of them takes of resident memory, in bytes.
pub(crate) const MEMORY_CLIENT: &str = "memory_client_bytes";
pub(crate) const MEMORY_SERVER: &str = "memory_server_bytes";
/// Of client and servers together.
pub(crate) const MEMORY: &str = "memory_bytes";
/// The calls of the most loaded of several servers, by their mean.
pub(crate) const MOST_LOADED: &str = "most_loaded";
pub(crate) const PROTOBUF_BYTES: &str = "protobuf_bytes";
pub(crate) const JSON_BYTES: &str = "json_bytes";
pub(crate) const BUILD_SECONDS: &str = "build_seconds";
/// Of client and servers together.
pub(crate) const ALLOCATIONS: &str = "allocations_per_call";
/// The share of the machine's processor time that went to processes that are none of ours.
pub(crate) const OTHERS: &str = "others_share";

impl Sample {
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    pub(crate) fn set(&mut self, name: &str, value: f64) {
        self.0.insert(name.to_owned(), value);
    }

    pub(crate) fn with(mut self, name: &str, value: f64) -> Self {
        self.set(name, value);
        self
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
