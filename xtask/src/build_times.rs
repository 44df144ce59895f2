//! `cargo xtask build-times`: how long a crate with 52 methods builds with nats-rpc, and with tonic.

use crate::{
    cargo::{cargo, root},
    error::Error,
};
use std::{
    fs,
    process::Stdio,
    time::{Duration, Instant},
};

/// A crate of `benches/build-times` each.
const VARIANTS: [&str; 2] = ["nats-rpc", "tonic"];

/// What is timed: its name, cargo's command and profile.
const BUILDS: [(&str, &str, &str); 3] =
    [("check", "check", "dev"), ("debug", "build", "dev"), ("release", "build", "release")];

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    let rounds = rounds(words)?;
    println!("| build | what | nats-rpc | tonic | ratio |\n|---|---|---|---|---|");
    for (name, build, profile) in BUILDS {
        let mut all = [Duration::ZERO; 2];
        for (variant, took) in VARIANTS.into_iter().zip(&mut all) {
            drop(fs::remove_dir_all(target(variant)));
            *took = timed(build, profile, variant)?;
        }
        print_row(name, "all, from nothing", all);

        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (variant, times) in VARIANTS.into_iter().zip(&mut times) {
                timed("clean", profile, variant)?;
                times.push(timed(build, profile, variant)?);
            }
        }
        print_row(name, "the crate itself", times.map(median));
    }
    Ok(())
}

fn rounds(words: &[String]) -> Result<usize, Error> {
    match words {
        [] => Ok(5),
        [word, number] if word == "--rounds" => {
            let rounds = number.parse().ok().filter(|rounds| *rounds > 0);
            rounds.ok_or_else(|| Error::Usage("--rounds needs a number from 1 on".to_owned()))
        }
        [word, ..] => Err(Error::unknown(word)),
    }
}

/// Each variant has a directory of its own, so that what both depend on is counted for both.
fn target(variant: &str) -> std::path::PathBuf {
    root().join("target/build-times").join(variant)
}

fn timed(command: &str, profile: &str, variant: &str) -> Result<Duration, Error> {
    let package = format!("build-times-{variant}");
    let begin = Instant::now();
    let output = cargo()
        .args([command, "--quiet", "--profile", profile, "--package", &package])
        .env("CARGO_TARGET_DIR", target(variant))
        .stdout(Stdio::null())
        .output()?;
    match output.status.success() {
        true => Ok(begin.elapsed()),
        false => Err(Error::Failed(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn print_row(build: &str, what: &str, [ours, tonic]: [Duration; 2]) {
    let (ours, tonic) = (ours.as_secs_f64(), tonic.as_secs_f64());
    println!("| {build} | {what} | {ours:.1} s | {tonic:.1} s | {:.2} |", ours / tonic);
}
