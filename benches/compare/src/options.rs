use std::time::Duration;

use crate::Error;

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

    /// The same for rows that take long.
    pub(crate) fn rounds_of_long(&self) -> usize {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 })
    }

    /// Whether only that is measured which there are goals for.
    pub(crate) fn goals_only(&self) -> bool {
        self.quick && self.only.is_empty()
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

    /// Whether to measure the row with this label, which is one of `labels`.
    pub(crate) fn want(&self, label: &str, labels: &[String]) -> bool {
        let is_whole = |only: &String| labels.contains(only);
        let wants = |only: &String| label == only || label.starts_with(only.as_str()) && !is_whole(only);
        self.only.is_empty() || self.only.iter().any(wants)
    }

    /// Whether somebody asks for rows that begin so, or for one of them.
    pub(crate) fn ask_for(&self, beginning: &str) -> bool {
        self.only.iter().any(|only| only.starts_with(beginning))
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
    fn rows_are_chosen_by_their_beginning() {
        let labels = ["unary 16 B c=1", "unary 16 B c=16", "unary 1 KiB c=1"].map(str::to_owned);
        let chosen = |only: &str| {
            let options = Options { only: vec![only.to_owned()], ..Options::default() };
            labels.iter().filter(|label| options.want(label, &labels)).count()
        };
        assert_eq!(["unary", "unary 16 B", "stream"].map(chosen), [3, 2, 0]);
        // It is a whole label, and not meant as the beginning of another.
        assert_eq!(chosen("unary 16 B c=1"), 1);
    }

    #[test]
    fn in_a_hurry_rows_without_goals_have_to_be_asked_for() {
        assert!(parse("--quick").unwrap().goals_only());
        let options = parse("--quick --only start").unwrap();
        assert!(!options.goals_only());
        assert!(options.ask_for("start") && !options.ask_for("build"));
    }

    #[test]
    fn wrong_words_are_told() {
        for line in ["--rounds", "--rounds 0", "--rounds many", "--only", "quick"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
