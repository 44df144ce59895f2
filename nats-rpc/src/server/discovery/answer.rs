//! The JSON of the answers. Schemas: `schemas/micro/v1` of nats-io/jsm.go, which `nats service` checks them against.

use std::collections::BTreeMap;

use serde::Serialize;

use super::service::{Endpoint, Service};
use super::verb::Verb;
use crate::raw::SUBJECT_KEY;
use crate::server::Standing;

/// The answer of a service to a verb, at most `limit` bytes long if that is possible at all.
pub(super) fn encode(service: &Service, verb: Verb, limit: usize) -> serde_json::Result<Vec<u8>> {
    let mut detail = Detail { prose: true, endpoints: service.endpoints().len() };
    loop {
        let answer = match verb {
            Verb::Ping => serde_json::to_vec(&Identity::of(service, verb)),
            Verb::Info => serde_json::to_vec(&info(service, detail)),
            Verb::Stats => serde_json::to_vec(&stats(service, detail)),
        }?;
        if answer.len() <= limit || !detail.reduce() {
            return Ok(answer);
        }
        tracing::debug!(name = service.name, ?verb, len = answer.len(), limit, "shortened to fit a message");
    }
}

/// How much is said.
#[derive(Clone, Copy)]
struct Detail {
    /// What people read: description, metadata of endpoints, last errors.
    prose: bool,
    /// So many endpoints.
    endpoints: usize,
}

impl Detail {
    /// Says less. `false` when nothing more can be left out.
    fn reduce(&mut self) -> bool {
        if self.prose {
            self.prose = false;
            return true;
        }
        self.endpoints /= 2;
        self.endpoints > 0
    }
}

#[derive(Serialize)]
struct Identity<'a> {
    #[serde(rename = "type")]
    answer_type: &'static str,
    name: &'a str,
    id: &'a str,
    version: &'a str,
    metadata: BTreeMap<&'static str, &'a str>,
}

/// The key by which services that were made with nats-rpc are known.
pub(super) const RUNTIME_VERSION: &str = "nats-rpc.version";

/// The key by which an instance says that it is not in its queue group, or on trial there.
const STANDING: &str = "nats-rpc.standing";

fn metadata(service: &Service) -> BTreeMap<&'static str, &str> {
    let version = (RUNTIME_VERSION, env!("CARGO_PKG_VERSION"));
    let mut metadata = BTreeMap::from([version, (SUBJECT_KEY, &service.prefix)]);
    let standing = service.place.standing();
    if standing != Standing::Serving {
        metadata.insert(STANDING, standing.name());
    }
    metadata
}

#[derive(Serialize)]
struct Info<'a> {
    #[serde(flatten)]
    identity: Identity<'a>,
    description: &'a str,
    endpoints: Vec<EndpointInfo<'a>>,
}

#[derive(Serialize)]
struct EndpointInfo<'a> {
    name: &'a str,
    subject: &'a str,
    queue_group: &'a str,
    metadata: Option<EndpointMetadata<'a>>,
}

#[derive(Serialize)]
struct EndpointMetadata<'a> {
    #[serde(rename = "rpc.method")]
    method: &'a str,
    #[serde(rename = "rpc.kind")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Stats<'a> {
    #[serde(flatten)]
    identity: Identity<'a>,
    started: &'a str,
    endpoints: Vec<EndpointStats<'a>>,
}

#[derive(Serialize)]
struct EndpointStats<'a> {
    name: &'a str,
    subject: &'a str,
    queue_group: &'a str,
    num_requests: u64,
    num_errors: u64,
    last_error: String,
    /// Nanoseconds.
    processing_time: u64,
    average_processing_time: u64,
}

impl<'a> Identity<'a> {
    fn of(service: &'a Service, verb: Verb) -> Self {
        Self {
            answer_type: verb.answer_type(),
            name: &service.name,
            id: service.id.as_str(),
            version: &service.version,
            metadata: metadata(service),
        }
    }
}

fn info(service: &Service, detail: Detail) -> Info<'_> {
    let endpoints = service.endpoints().iter().take(detail.endpoints).map(|endpoint| EndpointInfo {
        name: &endpoint.name,
        subject: endpoint.subject.as_str(),
        queue_group: &service.queue_group,
        metadata: detail.prose.then_some(EndpointMetadata { method: &endpoint.method, kind: endpoint.kind }),
    });
    Info {
        identity: Identity::of(service, Verb::Info),
        description: if detail.prose { &service.description } else { "" },
        endpoints: endpoints.collect(),
    }
}

fn stats(service: &Service, detail: Detail) -> Stats<'_> {
    let endpoints = service.endpoints().iter().take(detail.endpoints);
    Stats {
        identity: Identity::of(service, Verb::Stats),
        started: &service.started,
        endpoints: endpoints.map(|endpoint| endpoint_stats(service, endpoint, detail)).collect(),
    }
}

fn endpoint_stats<'a>(service: &'a Service, endpoint: &'a Endpoint, detail: Detail) -> EndpointStats<'a> {
    /// Readers have signed integers of 64 bits.
    const MAX: u64 = i64::MAX.unsigned_abs();
    let now = endpoint.stats().snapshot();
    EndpointStats {
        name: &endpoint.name,
        subject: endpoint.subject.as_str(),
        queue_group: &service.queue_group,
        num_requests: now.requests.min(MAX),
        num_errors: now.errors.min(MAX),
        last_error: if detail.prose { now.last_error } else { String::new() },
        processing_time: now.busy_ns.min(MAX),
        average_processing_time: now.busy_ns.min(MAX).checked_div(now.requests).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
