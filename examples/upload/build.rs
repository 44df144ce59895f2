//! Generates code from the `.proto`.

fn main() -> Result<(), nats_rpc_build::Error> {
    nats_rpc_build::compile(&["../../proto/upload/v1/upload.proto"], &["../../proto"])
}
