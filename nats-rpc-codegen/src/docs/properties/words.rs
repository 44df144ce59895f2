//! A reader sees the words of the comment, in their order.

use proptest::prelude::*;
use pulldown_cmark::Event;

use super::{markdown, parse};

pub(super) fn check(comment: &str) -> Result<(), TestCaseError> {
    // What follows the marks of a fence names a language.
    if comment.contains("```") || comment.contains("~~~") {
        return Ok(());
    }
    let markdown = markdown(comment);
    let seen: Vec<_> = seen(&markdown).chars().filter(|c| is_in_word(*c)).collect();
    let written: Vec<_> = words(comment)
        .flat_map(|(at, word)| word.chars().map(move |letter| (letter, may_go(comment, at, word))))
        .collect();
    prop_assert!(matches(&written, &seen), "{:?} instead of {:?} in {:?}", seen, comment, markdown);
    Ok(())
}

/// What rustdoc shows as text.
fn seen(markdown: &str) -> String {
    let texts = parse(markdown).filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.into_string()),
        _ => None,
    });
    texts.collect()
}

/// Runs of letters, digits and underscores, and where they start.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c| !is_in_word(c))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a word may be the name or the target of a link, the number of an item, or an entity.
fn may_go(comment: &str, at: usize, word: &str) -> bool {
    let (before, behind) = (&comment[..at], &comment[at + word.len()..]);
    let is_target = before
        .rsplit_once('[')
        .is_some_and(|(text, name)| text.trim_end().ends_with(']') && !name.contains(']'))
        || before.rfind("](").is_some_and(|open| !before[open + 2..].contains(')'));
    let is_number = word.len() < 10 && word.bytes().all(|digit| digit.is_ascii_digit());
    let is_ordinal = is_number && behind.starts_with(['.', ')']);
    let is_entity = before.ends_with(['&', '#']) && behind.starts_with(';');
    is_target || is_ordinal || is_entity
}

/// Whether these letters are seen, or all but some of those that may go.
fn matches(written: &[(char, bool)], seen: &[char]) -> bool {
    let Some(((letter, may_go), rest)) = written.split_first() else { return seen.is_empty() };
    let is_seen = seen.split_first().is_some_and(|(first, behind)| first == letter && matches(rest, behind));
    is_seen || (*may_go && matches(rest, seen))
}
