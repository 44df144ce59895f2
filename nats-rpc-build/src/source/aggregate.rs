use std::ops::Range;

/// More bytes than these are not marked.
const LONGEST: usize = 80;

/// Where a field is set in an option statement such as `option (x) = { retry: { max_attempts: 9 } };`, which begins at
/// the start of the text: from its name to the end of its value, or the name alone if the value is a message, a list or long.
///
/// Descriptors have the place of a whole statement only.
pub(super) fn find(statement: &str, path: &[&str]) -> Option<Range<usize>> {
    let mut open: Vec<&str> = Vec::new();
    let mut name: Option<Range<usize>> = None;
    let mut found: Option<Range<usize>> = None;
    let mut tokens = Tokens { text: statement, at: statement.find('=')? + 1 };
    while let Some(token) = tokens.next() {
        if let Some(range) = found {
            let is_value = !matches!(&statement[token.clone()], "{" | "<" | "[" | "}" | ">" | "," | ";");
            let whole = range.start..token.end;
            return Some(if is_value && whole.len() <= LONGEST { whole } else { range });
        }
        match &statement[token.clone()] {
            ";" if open.is_empty() => return None,
            "{" | "<" => open.push(name.take().map_or("", |name| &statement[name])),
            "}" | ">" => {
                open.pop();
            }
            ":" | "=" | "," | ";" | "[" | "]" => {}
            word => {
                let is_field = matches!(tokens.peek(), Some(":" | "{" | "<"));
                if is_field && open.iter().skip(1).chain([&word]).eq(path) {
                    found = Some(token.clone());
                    // The colon is no value, and there need not be one.
                    if tokens.peek() == Some(":") {
                        tokens.next();
                    }
                }
                name = is_field.then_some(token);
            }
        }
    }
    found
}

/// Where the word that begins at `at` in a text stands in another one that has the same words, but other spaces and
/// comments.
pub(crate) fn word_again(text: &str, at: usize, other: &str) -> Option<Range<usize>> {
    let words = Tokens { text, at: 0 }.take_while(|token| token.start <= at);
    let words: Vec<_> = words.map(|token| &text[token]).collect();
    let word = words.last()?;
    let before = words.iter().filter(|other| *other == word).count() - 1;
    let begin = other.find('=')? + 1;
    Tokens { text: other, at: begin }.filter(|token| other[token.clone()] == **word).nth(before)
}

/// Words, strings and single signs; spaces and comments between them are left out.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl Tokens<'_> {
    fn peek(&self) -> Option<&str> {
        let ahead = Tokens { text: self.text, at: self.at }.next()?;
        Some(&self.text[ahead])
    }

    fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            let comment = if rest.starts_with("//") || rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                0
            };
            if blank + comment == 0 {
                return;
            }
            self.at += blank.max(comment);
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        self.skip();
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        let is_word =
            |character: char| character.is_alphanumeric() || matches!(character, '_' | '.' | '-' | '+');
        let length = match first {
            '"' | '\'' => closing(rest, first).unwrap_or(rest.len()),
            first if is_word(first) => rest.find(|character| !is_word(character)).unwrap_or(rest.len()),
            first => first.len_utf8(),
        };
        let start = self.at;
        self.at += length;
        Some(start..self.at)
    }
}

/// The length of a string with its quotes.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let closes = *character == quote && !escaped;
        escaped = *character == '\\' && !escaped;
        closes
    });
    end.map(|(at, _)| at + 1)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[track_caller]
    fn check(statement: &str, path: &[&str], expected: Option<&str>) {
        let found = find(statement, path).map(|range| &statement[range]);
        assert_eq!(found, expected, "{path:?} in {statement}");
    }

    #[test]
    fn fields_are_found_where_they_are_set() {
        let statement = "option (nats.rpc.v1.method) = {\n\
                         timeout_ms: 5 // retry: { max_attempts: 1 }\n\
                         # hedge: {}\n\
                         hedge { max_attempts: 1 },\n\
                         retry: < /* max_attempts: 2 */ max_attempts : 9; backoff_multiplier: -1.5\n\
                         retryable_codes: [OK, ABORTED] >\n\
                         durable: { stream: 'a \\'}b', max_deliveries: 3 }\n\
                         }; option (other) = { last: 1 };";
        check(statement, &["timeout_ms"], Some("timeout_ms: 5"));
        check(statement, &["hedge"], Some("hedge"));
        check(statement, &["retry"], Some("retry"));
        check(statement, &["hedge", "max_attempts"], Some("max_attempts: 1"));
        check(statement, &["retry", "max_attempts"], Some("max_attempts : 9"));
        check(statement, &["retry", "backoff_multiplier"], Some("backoff_multiplier: -1.5"));
        check(statement, &["retry", "retryable_codes"], Some("retryable_codes"));
        check(statement, &["durable", "stream"], Some("stream: 'a \\'}b'"));
        check(statement, &["durable", "max_deliveries"], Some("max_deliveries: 3"));
        check(statement, &["retry", "timeout_ms"], None);
        check(statement, &["max_attempts"], None);
        check(statement, &["last"], None);
    }

    #[test]
    fn whatever_stands_there_is_survived() {
        for statement in
            ["", "=", "= {", "= }}}", "= { a", "= { a:", "= { a: \"", "= { a: /*", "= { ä: 'ö\\", "= { a: }"]
        {
            check(statement, &["b"], None);
        }
        check("= { a:", &["a"], Some("a"));
    }
}
