use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::row::{Load, Row};

/// What starting and ending the processes of a measurement takes, about.
const OVERHEAD: Duration = Duration::from_millis(150);

/// Tells on stderr what is measured, and how long all will take. On a terminal it keeps to one line.
pub(crate) struct Progress {
    begin: Instant,
    /// How long each measurement takes that is still to come, the next one last.
    coming: Vec<Duration>,
    planned: Duration,
    terminal: bool,
    row: String,
}

impl Progress {
    pub(crate) fn new(rows: &[Row]) -> Self {
        let times = rows.iter().rev().flat_map(|row| {
            let each = takes(&row.load);
            std::iter::repeat_n(each, row.rounds * row.variants.len())
        });
        let coming: Vec<_> = times.collect();
        let planned = coming.iter().sum();
        let terminal = io::stderr().is_terminal();
        Self { begin: Instant::now(), coming, planned, terminal, row: String::new() }
    }

    /// Tells what comes next. Off a terminal only once for each row.
    pub(crate) fn show(&mut self, row: &str, what: &str) {
        let left = self.left().as_secs();
        let left = format!("{}:{:02} left", left / 60, left % 60);
        if self.terminal {
            eprint!("\r\x1b[K{row}: {what}; {left}");
            let _ = io::stderr().flush();
        } else if self.row != row {
            eprintln!("{row}; {left}");
        }
        row.clone_into(&mut self.row);
    }

    /// Tells something that is to stay.
    pub(crate) fn note(&self, what: &str) {
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{clear}{what}");
    }

    pub(crate) fn advance(&mut self) {
        self.coming.pop();
    }

    /// As the plan says, corrected by how long things took so far.
    fn left(&self) -> Duration {
        let left: Duration = self.coming.iter().sum();
        let done = self.planned.saturating_sub(left);
        match done.is_zero() {
            true => left,
            false => left.mul_f64(self.begin.elapsed().as_secs_f64() / done.as_secs_f64()),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

fn takes(load: &Load) -> Duration {
    load.warm_up + load.window + OVERHEAD
}
