//! Reads what `cargo test` prints, and makes the table at the end.

use crate::error::Error;
use std::{
    fmt::{self, Write as _},
    path::Path,
    time::Instant,
};

/// One line of the table.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    pub(crate) seconds: f64,
    /// Why there are no numbers.
    pub(crate) note: Option<String>,
}

impl Step {
    /// A step that failed as a whole.
    pub(crate) fn failure(why: &str) -> Self {
        Self { failed: 1, note: Some(why.to_owned()), ..Self::default() }
    }
}

/// All steps of a run.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) steps: Vec<Step>,
    /// Whether the last step has told its result.
    told: bool,
}

impl Summary {
    pub(crate) fn passed(&self) -> u64 {
        self.steps.iter().map(|step| step.passed).sum()
    }

    pub(crate) fn failed(&self) -> u64 {
        self.steps.iter().map(|step| step.failed).sum()
    }

    pub(crate) fn add(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// Adds a step that is one test.
    pub(crate) fn check(&mut self, name: &str, begin: Instant, result: Result<(), Error>) {
        let step = match result {
            Ok(()) => Step { passed: 1, ..Step::default() },
            Err(error) => Step::failure(error.text()),
        };
        self.add(Step { name: name.to_owned(), seconds: begin.elapsed().as_secs_f64(), ..step });
    }

    /// Adds a step that this machine cannot take.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        self.add(Step { name: name.to_owned(), note: Some(format!("skipped: {why}")), ..Step::default() });
    }

    /// Takes in one line of cargo's output.
    pub(crate) fn line(&mut self, line: &str) {
        let line = without_colors(line);
        let words = line.trim();
        if let Some(name) = heading(words) {
            self.close();
            self.told = false;
            self.steps.push(Step { name, ..Step::default() });
        } else if let Some(result) = result(words) {
            self.told = true;
            if self.steps.is_empty() {
                self.steps.push(Step { name: "tests".to_owned(), ..Step::default() });
            }
            if let Some(step) = self.steps.last_mut() {
                // Doc tests may tell theirs in several parts.
                step.passed += result.passed;
                step.failed += result.failed;
                step.ignored += result.ignored;
                step.seconds += result.seconds;
            }
        }
    }

    /// Ends cargo's output. A failure without a failed test counts as one: something did not compile, or a
    /// test program died.
    pub(crate) fn end(&mut self, success: bool) {
        self.close();
        if !success && self.failed() == 0 {
            let note = Some("cargo failed, see above".to_owned());
            self.steps.push(Step { name: "cargo test".to_owned(), failed: 1, note, ..Step::default() });
        }
        self.told = true;
    }

    /// A test program that told no result has died.
    fn close(&mut self) {
        if let Some(step) = self.steps.last_mut().filter(|_| !self.told) {
            step.failed += 1;
            step.note = Some("no result".to_owned());
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.steps.iter().map(|step| step.name.len()).max().unwrap_or(0).max("step".len());
        writeln!(f, "{:width$}  passed  failed  ignored  seconds", "step")?;
        for Step { name, passed, failed, ignored, seconds, note } in &self.steps {
            let mut line = String::new();
            write!(line, "{name:width$}  {passed:6}  {failed:6}  {ignored:7}  {seconds:7.2}")?;
            if let Some(note) = note {
                write!(line, "  {note}")?;
            }
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

/// `Running unittests src/lib.rs (target/debug/deps/name-0123)` or `Doc-tests name`.
fn heading(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{} doc tests", name.trim()));
    }
    let (what, program) = line.strip_prefix("Running ")?.strip_suffix(')')?.split_once(" (")?;
    let program = Path::new(program).file_stem()?.to_str()?;
    let (name, hash) = program.rsplit_once('-')?;
    let what = what.strip_prefix("unittests ").unwrap_or(what);
    hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| format!("{name} {what}"))
}

/// `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s`
fn result(line: &str) -> Option<Step> {
    let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut step = Step::default();
    for part in rest.split("; ") {
        match part.split_once(' ')? {
            (number, "passed") => step.passed = number.parse().ok()?,
            (number, "failed") => step.failed = number.parse().ok()?,
            (number, "ignored") => step.ignored = number.parse().ok()?,
            ("finished", time) => {
                step.seconds = time.strip_prefix("in ")?.strip_suffix('s')?.parse().ok()?;
            }
            _ => {}
        }
    }
    Some(step)
}

/// Without terminal escapes of the form `ESC [ ... letter`.
fn without_colors(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = escape.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
        rest = rest.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::{Step, Summary, heading, without_colors};
    use crate::error::Error;
    use std::time::Instant;

    fn summary(text: &str, success: bool) -> Summary {
        let mut summary = Summary::default();
        text.lines().for_each(|line| summary.line(line));
        summary.end(success);
        summary
    }

    #[test]
    fn counts_every_program_and_all_parts_of_doc_tests() {
        let summary = summary(
            "
     Running unittests src/lib.rs (target/debug/deps/my_lib-0a1b2c)

running 3 tests
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s

     Running tests/e2e.rs (/somewhere/debug/deps/e2e-0a1b2c)
test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s
   Doc-tests my_lib
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.25s
test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.25s
",
            false,
        );
        assert_eq!(
            summary.to_string(),
            "\
step               passed  failed  ignored  seconds
my_lib src/lib.rs       2       0        1     0.02
e2e tests/e2e.rs        3       1        0     1.50
my_lib doc tests        5       0        0     0.50

10 passed, 1 failed"
        );
    }

    #[test]
    fn a_program_that_died_counts_as_failed() {
        let summary = summary(
            "Running a.rs (deps/a-00)\nRunning b.rs (deps/b-00)\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            false,
        );
        assert_eq!((summary.passed(), summary.failed()), (2, 1));
        assert_eq!(summary.steps[0].note.as_deref(), Some("no result"));
    }

    #[test]
    fn a_failure_to_compile_counts_as_failed() {
        let summary = summary("error: could not compile", false);
        assert_eq!(summary.failed(), 1);
        assert_eq!(summary.steps[0].name, "cargo test");
    }

    #[test]
    fn no_output_is_no_test() {
        assert_eq!(summary("", true).to_string().lines().last(), Some("0 passed, 0 failed"));
    }

    #[test]
    fn other_steps_are_counted_too() {
        let mut summary = summary("", true);
        summary.check("a", Instant::now(), Ok(()));
        summary.check("b", Instant::now(), Err(Error::Failed("why".to_owned())));
        summary.skip("c", "no c");
        let text = summary.to_string();
        for part in ["why\n", "skipped: no c\n", "\n\n1 passed, 1 failed"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn colors_do_not_matter() {
        let line = "\u{1b}[1m\u{1b}[32m     Running\u{1b}[0m tests/a.rs (deps/a-00)";
        assert_eq!(without_colors(line), "     Running tests/a.rs (deps/a-00)");
        let summary = summary(
            &format!(
                "{line}\ntest result: \u{1b}[32mok\u{1b}[m. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s"
            ),
            true,
        );
        assert_eq!(
            summary.steps,
            [Step { name: "a tests/a.rs".to_owned(), passed: 2, seconds: 0.02, ..Step::default() }]
        );
    }

    #[test]
    fn other_lines_are_no_headings() {
        assert_eq!(heading("Running late (again)"), None);
        assert_eq!(heading("Running `target/debug/xtask test`"), None);
    }
}
