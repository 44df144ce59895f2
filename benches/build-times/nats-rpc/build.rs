//! Generates the service.

fn main() -> Result<(), nats_rpc_build::Error> {
    nats_rpc_build::compile(&["../proto/mixed.proto"], &["../proto"])
}
