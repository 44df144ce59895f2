use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::server::Mount;
use crate::server::ejection::Place;
use crate::server::instance::Instance;
use crate::server::stats::MethodStats;
use crate::spec::Kind;
use crate::status::Status;
use crate::subject::{self, Subject};

/// The last millisecond that RFC 3339 can write: the end of the year 9999.
const LAST_MS: u64 = 253_402_300_799_999;

/// A mounted service, in the terms of discovery.
pub(super) struct Service {
    /// The full name with `_` for `.`, which a name may not have here: `greeter_v1_Greeter`.
    pub(super) name: String,
    /// What the subjects of its methods begin with.
    pub(super) prefix: String,
    pub(super) id: Instance,
    pub(super) version: String,
    pub(super) description: String,
    /// When the server started: RFC 3339, UTC.
    pub(super) started: String,
    pub(super) queue_group: String,
    pub(super) place: Arc<Place>,
    endpoints: Vec<Endpoint>,
}

/// A method.
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) subject: Subject,
    /// As gRPC writes it: `/greeter.v1.Greeter/SayHello`.
    pub(super) method: String,
    pub(super) kind: &'static str,
    stats: Arc<MethodStats>,
}

impl Service {
    pub(super) fn new(mount: &Mount, place: Arc<Place>, now_ms: u64) -> Result<Self, Status> {
        let prefix = mount.prefix();
        let endpoints = mount.spec().methods().map(|method| {
            Ok(Endpoint {
                name: method.name().to_owned(),
                subject: subject::of_method(&prefix, &method)?,
                method: method.to_string(),
                kind: name_of(method.kind()),
                stats: Arc::new(MethodStats::new(method.kind(), Arc::clone(&place))),
            })
        });
        let started = UNIX_EPOCH + Duration::from_millis(now_ms.min(LAST_MS));
        Ok(Self {
            name: mount.spec().name().replace('.', "_"),
            prefix: prefix.clone(),
            id: place.instance().clone(),
            version: mount.shown_version().to_owned(),
            description: mount.shown_description().to_owned(),
            started: humantime::format_rfc3339_millis(started).to_string(),
            queue_group: mount.group().to_owned(),
            endpoints: endpoints.collect::<Result<_, Status>>()?,
            place,
        })
    }

    /// In the order of the methods.
    pub(super) fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }
}

impl Endpoint {
    pub(super) fn stats(&self) -> &Arc<MethodStats> {
        &self.stats
    }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "unary",
        Kind::ServerStreaming => "server_stream",
        Kind::ClientStreaming => "client_stream",
        Kind::BidiStreaming => "bidi_stream",
    }
}
