use std::sync::Arc;

use nats_rpc::Response;

use crate::proto::{ProbeServer, Question};
use crate::{Count, Script, Scripted, probe};

/// A probe within the test process that follows the [`Script`], and counts. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    script: Arc<Script>,
    /// Handlers that have begun.
    pub started: Count,
    /// Those of them that have come to their end.
    pub ended: Count,
    /// All that are over, those included that were stopped.
    pub over: Count,
}

impl Actor {
    /// Has done nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves as this actor.
    #[must_use]
    pub fn probe(&self) -> ProbeServer<Scripted> {
        let actor = self.clone();
        probe(move |request| {
            let actor = actor.clone();
            async move {
                let _guard = actor.over.guard();
                actor.started.add();
                let Question { text, big_number: id, .. } = request.into_inner();
                let outcome = actor.script.follow(&text, id).await;
                actor.ended.add();
                outcome.map(Response::from)
            }
        })
    }
}
