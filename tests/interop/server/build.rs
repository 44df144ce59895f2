//! Generates code from the `.proto`.

fn main() -> Result<(), nats_rpc_build::Error> {
    nats_rpc_build::compile(&["proto/interop/v1/probe.proto"], &["proto"])
}
