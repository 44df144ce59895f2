//! Generates code from the `.proto`.

fn main() -> Result<(), nats_rpc_build::Error> {
    nats_rpc_build::compile(&["../../proto/chat/v1/chat.proto"], &["../../proto"])
}
