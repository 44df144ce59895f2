//! Generates the services of nats-rpc and tonic for the same messages.

fn main() -> Result<(), nats_rpc_build::Error> {
    let tonic = tonic_prost_build::configure().service_generator();
    let mut config = nats_rpc_build::Config::new();
    config = config.prost(|prost| {
        prost.bytes([".compare.v1.Chunk"]);
    });
    config.also(tonic).compile(&["proto/compare.proto"], &["proto"])
}
