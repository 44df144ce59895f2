//! What gRPC's semantics say of calls (`PROTOCOL-SEMANTICS.md`, `statuscodes.md`, `status_ordering.md`), where neither
//! its interoperability cases nor the conformance suites have a case for it.

mod deadlines;
mod decoding;
mod early_end;
mod failures;
mod flow_control;
mod inheritance;
mod limits;
mod metadata;
mod one_instance;
mod order;
mod service;

use e2e::World;
use nats_rpc::server::Handle;

use self::service::{RulesClient, RulesServer, Scripted};

async fn start(world: &World, service: Scripted) -> (RulesClient, Handle) {
    let server = world.serve(RulesServer::new(service)).await;
    (RulesClient::new(world.channel().await), server)
}

/// Texts that are ready at once.
fn ready(texts: impl IntoIterator<Item = String>) -> Vec<Result<String, nats_rpc::Status>> {
    texts.into_iter().map(Ok).collect()
}
