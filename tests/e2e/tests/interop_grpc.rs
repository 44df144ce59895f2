//! The cases with which gRPC's implementations test each other (`doc/interop-test-descriptions.md` of gRPC), under
//! their names there and with the values they have there.

mod cancellation;
mod compression;
mod load;
mod metadata;
mod service;
mod status;
mod streaming;
mod unary;

use e2e::World;
use nats_rpc::server::Handle;

use self::proto::{
    Payload, ResponseParameters, SimpleRequest, StreamingInputCallRequest, StreamingOutputCallRequest,
    TestServiceClient, TestServiceServer,
};
pub(crate) use self::service::Interop;

/// The code generated from `proto/grpc/testing`.
pub(crate) mod proto {
    nats_rpc::include_proto!("grpc.testing");
}

async fn start(world: &World) -> (TestServiceClient, Handle) {
    let server = world.serve(TestServiceServer::new(Interop::default())).await;
    (TestServiceClient::new(world.channel().await), server)
}

pub(crate) fn payload(size: i32) -> Option<Payload> {
    Some(Payload { body: vec![0; size.try_into().expect("a size")] })
}

fn size_of(payload: Option<&Payload>) -> usize {
    payload.map_or(0, |payload| payload.body.len())
}

/// What `large_unary` sends.
fn large() -> SimpleRequest {
    SimpleRequest { response_size: 314_159, payload: payload(271_828), ..SimpleRequest::default() }
}

fn input(size: i32) -> StreamingInputCallRequest {
    StreamingInputCallRequest { payload: payload(size), ..StreamingInputCallRequest::default() }
}

/// A request for responses of these sizes.
fn output(sizes: &[i32], own: i32) -> StreamingOutputCallRequest {
    let one = |&size: &i32| ResponseParameters { size, ..ResponseParameters::default() };
    StreamingOutputCallRequest {
        response_parameters: sizes.iter().map(one).collect(),
        payload: payload(own),
        response_status: None,
    }
}
