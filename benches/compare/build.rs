//! Generates the services of nats-rpc and tonic for the same messages.

fn main() -> Result<(), nats_rpc_build::Error> {
    let tonic = tonic_prost_build::configure().service_generator();
    nats_rpc_build::Config::new().also(tonic).compile(&["proto/compare.proto"], &["proto"])
}
