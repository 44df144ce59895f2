//! Generates code for all `.proto` files of a directory with nats-rpc's generator and with tonic's, alternately, and
//! prints how long each took. Both read the files with protox.
//!
//! ```sh
//! cargo run -p generation -- DIRECTORY [ROUNDS] > /dev/null
//! ```
//!
//! The figures go to the standard error; the standard output has what a build script tells cargo.
//!
//! Without `--release`: build scripts run unoptimised as well.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut words = env::args().skip(1);
    let root = PathBuf::from(words.next().ok_or("say a directory with .proto files")?);
    let rounds: usize = words.next().map_or(Ok(3), |rounds| rounds.parse())?;
    let mut protos = Vec::new();
    find(&root, &mut protos)?;
    eprintln!("{} files, {rounds} rounds", protos.len());
    let out = env::temp_dir().join(format!("generation-{}", std::process::id()));
    for _ in 0..rounds {
        let ours = timed(&out, || nats_rpc(&protos, &root, &out))?;
        let tonic = timed(&out, || tonic(&protos, &root, &out))?;
        eprintln!(
            "nats-rpc {:.2} s, tonic {:.2} s, ratio {:.2}",
            ours.as_secs_f64(),
            tonic.as_secs_f64(),
            ours.as_secs_f64() / tonic.as_secs_f64()
        );
    }
    Ok(())
}

fn find(directory: &Path, found: &mut Vec<PathBuf>) -> Outcome {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

/// Runs it with an empty directory to write to.
fn timed(out: &Path, run: impl FnOnce() -> Outcome) -> Result<Duration, Box<dyn Error>> {
    fs::create_dir_all(out)?;
    let begin = Instant::now();
    run()?;
    let took = begin.elapsed();
    fs::remove_dir_all(out)?;
    Ok(took)
}

fn nats_rpc(protos: &[PathBuf], root: &Path, out: &Path) -> Outcome {
    nats_rpc_build::Config::new().out_dir(out).include_file("mod.rs").compile(protos, &[root])?;
    Ok(())
}

fn tonic(protos: &[PathBuf], root: &Path, out: &Path) -> Outcome {
    let set = protox::compile(protos, [root])?;
    tonic_prost_build::configure().out_dir(out).include_file("mod.rs").compile_fds(set)?;
    Ok(())
}
