//! Generates the service, without protoc as well.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=../proto/mixed.proto");
    let set = protox::compile(["../proto/mixed.proto"], ["../proto"])?;
    tonic_prost_build::configure().compile_fds(set)?;
    Ok(())
}
