//! Both ways to generate the services of nats-rpc and tonic for the same messages.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use nats_rpc_build::Config;

const PROTOS: [&str; 1] = ["proto/both/v1/both.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    with_prost()?;
    with_us()
}

/// prost generates the messages.
fn with_prost() -> Result<(), Box<dyn Error>> {
    let tonic = tonic_prost_build::configure().service_generator();
    let services = Config::new().service_generator(&PROTOS, &["proto"])?.and(tonic);
    let set = protox::compile(PROTOS, ["proto", "../../proto"])?;
    prost_build::Config::new().service_generator(Box::new(services)).compile_fds(set)?;
    Ok(())
}

/// nats-rpc generates the messages.
fn with_us() -> Result<(), Box<dyn Error>> {
    let directory = PathBuf::from(env::var("OUT_DIR")?).join("also");
    fs::create_dir_all(&directory)?;
    let tonic = tonic_prost_build::configure().service_generator();
    Config::new().out_dir(directory).also(tonic).compile(&PROTOS, &["proto"])?;
    Ok(())
}
