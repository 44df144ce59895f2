use std::time::Duration;

use crate::Error;
use crate::row::Row;

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    /// Less of everything, for a first look.
    pub(crate) quick: bool,
    /// How often each variant of a row is measured, if not as the row says.
    rounds: Option<usize>,
    /// Beginnings of the labels of the rows to measure; none for all.
    only: Vec<String>,
}

impl Options {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only.push(value()?),
                "--rounds" => {
                    let rounds = value()?.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = Some(rounds.ok_or("--rounds needs a number from 1 on")?);
                }
                _ => {
                    return Err(
                        format!("unknown word `{word}`; there are --quick, --only ROW, --rounds N").into()
                    );
                }
            }
        }
        Ok(options)
    }

    /// How often each variant of a row is measured.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 2 } else { 5 })
    }

    /// How often each setup of a variant is tried, where there are several.
    pub(crate) fn tries(&self) -> usize {
        if self.quick { 1 } else { 2 }
    }

    /// How long a client makes calls before it is measured.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_millis(if self.quick { 100 } else { 150 })
    }

    /// How long something is measured.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_millis(if self.quick { 250 } else { 500 })
    }

    /// Whether a row that begins so is asked for by its name.
    pub(crate) fn names(&self, beginning: &str) -> bool {
        self.only.iter().any(|only| only.starts_with(beginning))
    }

    pub(crate) fn wants(&self, row: &Row) -> bool {
        let label = row.label();
        self.only.is_empty() || self.only.iter().any(|only| label.starts_with(only))
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn words_can_be_combined() {
        let options = parse("--quick --only unary --rounds 3 --only stream").unwrap();
        assert!(options.quick);
        assert_eq!((options.rounds(), options.only), (3, vec!["unary".to_owned(), "stream".to_owned()]));
        assert!(parse("").unwrap().rounds() > parse("--quick").unwrap().rounds());
    }

    #[test]
    fn wrong_words_are_told() {
        for line in ["--rounds", "--rounds 0", "--rounds many", "--only", "quick"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
