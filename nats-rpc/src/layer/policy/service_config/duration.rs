use std::time::Duration;

use serde_json::Value;

use super::fields::Node;
use super::notes::Notes;

/// The longest that a `google.protobuf.Duration` can be: about 10,000 years.
const MOST_SECONDS: u64 = 315_576_000_000;

/// What a duration above 0 looks like.
pub(super) const ABOVE_ZERO: &str = "give seconds above 0 with an `s`, such as \"0.5s\"";

/// A duration above 0.
pub(super) fn above_zero(node: &Node<'_>, notes: &mut Notes) -> Option<Duration> {
    let duration = read(node).filter(|duration| !duration.is_zero());
    if duration.is_none() {
        notes.refuse(node, ABOVE_ZERO);
    }
    duration
}

/// A duration that may be 0.
pub(super) fn any(node: &Node<'_>, notes: &mut Notes) -> Option<Duration> {
    let duration = read(node);
    if duration.is_none() {
        notes.refuse(node, "give seconds with an `s`, such as \"0.5s\"");
    }
    duration
}

fn read(node: &Node<'_>) -> Option<Duration> {
    let Value::String(text) = node.value else { return None };
    parse(text)
}

/// Reads proto JSON's form: a JSON number of seconds without an exponent, with at most nine decimal places, and an `s`.
fn parse(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_padded = whole.len() > 1 && whole.starts_with('0');
    if !is_digits(whole) || !is_digits(fraction) || is_padded || fraction.len() > 9 {
        return None;
    }
    let seconds = whole.parse().ok().filter(|seconds| *seconds <= MOST_SECONDS)?;
    let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse;

    #[test]
    fn proto_json_has_one_form() {
        for (text, nanoseconds) in [
            ("1s", 1_000_000_000),
            ("0s", 0),
            ("0.0s", 0),
            ("1.5s", 1_500_000_000),
            ("0.000000001s", 1),
            ("0.1s", 100_000_000),
            ("10.010s", 10_010_000_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanoseconds)), "{text}");
        }
        assert_eq!(parse("315576000000s"), Some(Duration::from_secs(315_576_000_000)));
        for text in [
            "",
            "s",
            "1",
            "1m",
            "1 s",
            " 1s",
            "1s ",
            "-1s",
            "-0s",
            "+1s",
            ".1s",
            "1.s",
            ".s",
            "01s",
            "1e3s",
            "1.2.3s",
            "0.0000000001s",
            "315576000001s",
            "99999999999999999999s",
            "1,5s",
            "١s",
            "1ms",
            "infs",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
