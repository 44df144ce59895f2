//! Generates code from the `.proto` files.

fn main() -> Result<(), nats_rpc_build::Error> {
    let own = ["proto/probe.proto", "proto/feed.proto", "proto/talk.proto"];
    let standard = ["proto/grpc/testing/test.proto", "proto/connectrpc/conformance/v1/service.proto"];
    nats_rpc_build::compile(&[&own[..], &standard].concat(), &["proto"])
}
