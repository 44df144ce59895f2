use std::time::Duration;

use super::Compression;
use crate::subject::Subject;
use crate::transport::{Limits, Outgoing};
use crate::wire::Via;

/// How the reply subjects of calls from other accounts begin.
const IMPORTED: &str = "_R_.";

/// How the accounts that import a server's services do it: their `response_type` in the NATS server's configuration.
/// The server can't see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Imports {
    /// `Singleton`: one reply passes, so calls from there get an answer in one message and nothing before it. They
    /// can't be cancelled, and their callers do not learn that an instance is gone before their deadline.
    #[default]
    Singleton,
    /// `Stream`: any number of replies passes, so calls from there are like those of the same account. Everything
    /// below the service's subject has to be exported: `svc.greeter.v1.Greeter.>`.
    Stream,
}

/// What a server grants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The timeout of plain calls that name none.
    pub(crate) plain_timeout: Duration,
    pub(crate) imports: Imports,
    pub(crate) limits: Limits,
    /// How responses are compressed for those who can read it.
    pub(crate) compression: Option<Compression>,
}

impl Terms {
    /// How a message came, by its reply subject.
    pub(crate) fn via(self, reply: &Subject) -> Via {
        match self.imports {
            _ if !is_imported(reply) => Via::Direct,
            Imports::Singleton => Via::SingletonImport,
            Imports::Stream => Via::StreamImport,
        }
    }

    /// What has to follow the last frame to a reply subject: without it, the import would keep its mapping for minutes.
    pub(crate) fn closing(self, reply: &Subject) -> Option<Outgoing> {
        (self.via(reply) == Via::StreamImport).then(|| Outgoing::new(reply.clone(), bytes::Bytes::new()))
    }
}

/// Whether an answer goes through an import. No NATS server lets a client choose such a reply subject.
pub(super) fn is_imported(reply: &Subject) -> bool {
    reply.as_bytes().starts_with(IMPORTED.as_bytes())
}
