//! `cargo xtask ci`: everything that must hold before a change lands.

use crate::{cargo, each_feature, error::Error, msrv, test};
use std::time::Instant;

type Step = (&'static str, fn() -> Result<(), Error>);

/// In order of cost. The tests come last: their summary ends the output.
const STEPS: &[Step] = &[
    ("fmt", || cargo::run(&["fmt", "--all", "--check"])),
    ("clippy", clippy),
    ("doc", doc),
    ("each-feature", each_feature::run),
    ("msrv", msrv::run),
    ("test", || test::run(&[])),
];

pub(crate) fn run(words: &[String]) -> Result<(), Error> {
    for (name, step) in choose(words)? {
        println!("== {name}");
        let begin = Instant::now();
        let result = step();
        let seconds = begin.elapsed().as_secs_f64();
        match result {
            // Nothing may follow the summary of the tests.
            Ok(()) if name == "test" => {}
            Ok(()) => println!("== {name}: ok, {seconds:.1} s"),
            Err(Error::Told) => return Err(Error::Told),
            Err(Error::Usage(why) | Error::Failed(why)) => {
                return Err(Error::Failed(format!("ci: step {name} failed after {seconds:.1} s: {why}")));
            }
        }
    }
    Ok(())
}

fn choose(words: &[String]) -> Result<Vec<Step>, Error> {
    let (mut only, mut skip) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let list = match word.as_str() {
            "--only" => &mut only,
            "--skip" => &mut skip,
            _ => return Err(Error::unknown(word)),
        };
        let name = words.next().ok_or_else(|| Error::Usage(format!("{word} needs a step")))?;
        if !STEPS.iter().any(|(step, _)| step == name) {
            return Err(Error::Usage(format!("no step `{name}`")));
        }
        list.push(name.as_str());
    }
    let chosen = |name| (only.is_empty() || only.contains(&name)) && !skip.contains(&name);
    Ok(STEPS.iter().copied().filter(|(name, _)| chosen(name)).collect())
}

fn clippy() -> Result<(), Error> {
    cargo::run(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"])
}

fn doc() -> Result<(), Error> {
    let mut command = cargo::cargo();
    command.args(["doc", "--workspace", "--no-deps", "--all-features"]).env("RUSTDOCFLAGS", "-D warnings");
    cargo::status(&mut command)
}

#[cfg(test)]
mod tests {
    use super::choose;
    use crate::error::Error;

    fn names(line: &str) -> Result<String, Error> {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        Ok(choose(&words)?.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn steps_can_be_chosen() {
        assert_eq!(names("").unwrap(), "fmt clippy doc each-feature msrv test");
        assert_eq!(names("--only clippy").unwrap(), "clippy");
        assert_eq!(names("--only test --only fmt").unwrap(), "fmt test");
        assert_eq!(names("--skip test --skip doc").unwrap(), "fmt clippy each-feature msrv");
    }

    #[test]
    fn wrong_words_are_told() {
        for line in ["--only", "--only nothing", "clippy", "--skip clippy fmt"] {
            assert!(matches!(names(line), Err(Error::Usage(_))), "{line}");
        }
    }
}
