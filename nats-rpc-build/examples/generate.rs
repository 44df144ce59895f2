//! Generates code outside a build script: `find proto -name '*.proto' | generate OUT INCLUDE..`.
//!
//! `OUT` has to exist. The paths on the standard input lie below the include directories.

use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs, io};

use nats_rpc_build::Config;

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let Some(out) = words.next() else {
        eprintln!("usage: generate OUT INCLUDE.. < PATHS");
        return ExitCode::from(2);
    };
    let includes: Vec<_> = words.collect();
    let protos: Vec<_> = io::stdin().lines().map_while(Result::ok).collect();
    let begin = Instant::now();
    if let Err(error) = Config::new().out_dir(out).include_file("mod.rs").compile(&protos, &includes) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    eprintln!("{} files in {:.1} s, {}", protos.len(), begin.elapsed().as_secs_f64(), memory());
    ExitCode::SUCCESS
}

/// The most memory that was in use at a time, where Linux tells it.
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
    peak.map_or_else(|| "memory unknown".to_owned(), |peak: u64| format!("{} MB", peak.div_ceil(1024)))
}
