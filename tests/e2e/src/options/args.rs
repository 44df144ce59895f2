//! Options on a command line: a name and a value each.

use std::collections::HashMap;
use std::time::Duration;

use super::Options;

impl Options {
    /// As words of a command line.
    #[must_use]
    pub fn args(&self) -> Vec<String> {
        let (user, password) = self.login.clone().unzip();
        let named = [
            ("--url", Some(self.url.clone())),
            ("--prefix", self.prefix.clone()),
            ("--queue-group", self.queue_group.clone()),
            ("--user", user),
            ("--password", password),
            ("--inbox-prefix", self.inbox_prefix.clone()),
            ("--clock-ahead", (self.clock_ahead_ms != 0).then(|| self.clock_ahead_ms.to_string())),
            ("--grace", self.grace.map(|grace| grace.as_millis().to_string())),
            ("--imports", self.stream_imports.then(|| "stream".to_owned())),
        ];
        let given = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        given.flat_map(|(name, value)| [name, value]).collect()
    }

    /// Takes what belongs here out of a command line.
    ///
    /// # Errors
    /// When there is no URL, or a number is none.
    pub fn take(args: &mut Args) -> Result<Self, String> {
        Ok(Self {
            url: args.take("--url").ok_or("--url is missing")?,
            prefix: args.take("--prefix"),
            queue_group: args.take("--queue-group"),
            login: args.take("--user").zip(args.take("--password")),
            inbox_prefix: args.take("--inbox-prefix"),
            clock_ahead_ms: args.number("--clock-ahead")?.unwrap_or(0),
            grace: args.number("--grace")?.map(Duration::from_millis),
            stream_imports: args.take("--imports").is_some_and(|imports| imports == "stream"),
        })
    }
}

/// The words of a command line: names and values.
#[derive(Debug)]
pub struct Args(HashMap<String, String>);

impl Args {
    /// Those that this process was started with.
    ///
    /// # Errors
    /// When a name has no value.
    pub fn of_process() -> Result<Self, String> {
        Self::parse(std::env::args().skip(1))
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut named = HashMap::new();
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} has no value"))?;
            named.insert(name, value);
        }
        Ok(Self(named))
    }

    /// The value of this name, once.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// The number of this name, once.
    ///
    /// # Errors
    /// When it is none.
    pub fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let number = |text: String| text.parse().map_err(|_| format!("{name} takes a number, not {text:?}"));
        self.take(name).map(number).transpose()
    }

    /// Sees that all were taken.
    ///
    /// # Errors
    /// When one was not: it is misspelt.
    pub fn end(self) -> Result<(), String> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("{name} is not known")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_back_from_a_command_line() {
        let some = Options::new("nats://x").prefix("p").login("u", "w").clock_ahead_ms(-5);
        let all = some.clone().queue_group("g").inbox_prefix("i").grace(Duration::from_secs(1));
        let all = all.stream_imports();
        for options in [Options::new("nats://y"), some, all] {
            let mut args = Args::parse(options.args().into_iter()).unwrap();
            assert_eq!(Options::take(&mut args).unwrap(), options);
            args.end().unwrap();
        }
    }

    #[test]
    fn a_wrong_command_line_is_an_error() {
        let parse = |words: &[&str]| -> Result<(), String> {
            let mut args = Args::parse(words.iter().map(|word| (*word).to_owned()))?;
            let _ = Options::take(&mut args)?;
            args.end()
        };
        assert!(parse(&[]).unwrap_err().contains("--url"));
        assert!(parse(&["--url"]).unwrap_err().contains("no value"));
        assert!(parse(&["--url", "u", "--grace", "x"]).unwrap_err().contains("number"));
        assert!(parse(&["--url", "u", "--prefixes", "x"]).unwrap_err().contains("--prefixes"));
    }
}
