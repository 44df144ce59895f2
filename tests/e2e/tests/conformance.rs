//! What the Connect conformance suites ask of a service and of its callers, natively: the same service, and the cases
//! that say something where there is no HTTP.
//!
//! A [`Case`](case::Case) says what is sent; what has to come back follows from that, so tables of cases have to name
//! only where the outcome is another one.

mod answers;
mod basic;
mod call;
mod cancellation;
mod cardinality;
mod case;
mod deadline_propagation;
mod delivery;
mod duplicate_metadata;
mod empty;
mod errors;
mod message_size;
mod outcome;
mod packed;
mod service;
mod timeouts;
mod unimplemented;

use e2e::World;
use nats_rpc::server::Handle;

use self::call::call;
use self::case::{Case, Shape};
use self::outcome::Outcome;
use self::proto::{ConformanceServiceClient, ConformanceServiceServer};
use self::service::Conformance;

/// The code generated from `proto/connectrpc/conformance`.
mod proto {
    nats_rpc::include_proto!("connectrpc.conformance.v1");
}

async fn start(world: &World) -> (ConformanceServiceClient, Handle) {
    let server = world.serve(ConformanceServiceServer::new(Conformance::default())).await;
    (ConformanceServiceClient::new(world.channel().await.without_default_timeout()), server)
}

/// Runs cases whose outcome is what was asked for.
async fn run(world: &World, cases: impl IntoIterator<Item = Case>) {
    let (client, _server) = start(world).await;
    for case in cases {
        assert_eq!(call(&client, &case).await, case.expected(), "{case}");
    }
}
