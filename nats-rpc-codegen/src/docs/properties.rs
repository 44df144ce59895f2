//! What holds for comments of any content, as the parser of rustdoc reads what is made from them.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use pulldown_cmark::{BrokenLink, CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::Docs;

mod words;

/// Pieces that mean something to Markdown, to rustdoc or to protobuf.
fn comment() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "Foo",
        "b_c",
        "1",
        "10",
        " ",
        " ",
        "    ",
        "\n",
        "\n",
        "\n\n",
        "\t",
        "\r\n",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "2) ",
        "10. ",
        "\n  - ",
        "\n    1. ",
        "\n      ",
        "> ",
        "# ",
        "#",
        "---",
        "===",
        "- - -",
        "```",
        "```rust",
        "~~~",
        "`",
        "``",
        "*",
        "**",
        "_",
        "__",
        "~",
        "[",
        "]",
        "[x]",
        "[^1]",
        "[Foo][p.Foo]",
        "[p.Foo]",
        "[b]: c",
        "(",
        ")",
        "<",
        ">",
        "<b>",
        "</b>",
        "<!-- ",
        " -->",
        "&lt;",
        "&#8203;",
        "http://a.example/b",
        "https://",
        "lhttps://aa.example",
        "http://%s.example",
        "[d|e](https://aa.example)",
        "[see https://aa.example][p.Foo]",
        "![",
        "[d](https://e.example)",
        "|",
        "|---|---|",
        "| a | b |",
        "\n|x|y|z|\n|-|-|-|\n",
        "|1|2|3|4|",
        "__init__",
        "\\",
        "*/",
        "/*",
        "$x$",
        "{@link F}",
        "\"#",
        "r#\"",
        "\u{200b}",
        "\u{202e}",
        "\u{1f600}",
        ":",
        "!",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..24)
        .prop_map(|pieces| pieces.concat())
}

fn markdown(comment: &str) -> String {
    let docs = Docs::linked(comment, &|name| (name == "p.Foo").then(|| "Foo".to_owned()));
    // rustdoc takes the space that all lines have in common away.
    let lines = docs.lines().iter().map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

fn parse(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    let shape = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    // rustdoc asks like this what a name in brackets is.
    let known = |link: BrokenLink<'_>| Some((link.reference.into_string().into(), "".into()));
    Parser::new_with_broken_link_callback(markdown, shape, Some(known))
}

fn check(comment: &str) -> Result<(), TestCaseError> {
    let markdown = markdown(comment);
    let mut in_link_or_code = 0;
    for event in parse(&markdown) {
        match &event {
            Event::Start(Tag::CodeBlock(_) | Tag::Link { .. }) => in_link_or_code += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::Link) => in_link_or_code -= 1,
            Event::Text(text) if in_link_or_code == 0 => {
                prop_assert!(!has_address(text), "a bare address in {:?}", markdown);
            }
            _ => {}
        }
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                prop_assert_eq!(kind, CodeBlockKind::Fenced("text".into()), "a doctest in {:?}", markdown);
            }
            Event::Start(Tag::Link { dest_url, link_type, .. }) => {
                let is_web = dest_url.starts_with("http://") || dest_url.starts_with("https://");
                let is_name = dest_url.trim_matches('`') == "Foo";
                prop_assert!(is_web || is_name, "a link to {:?} in {:?}", dest_url, markdown);
                prop_assert!(link_type != LinkType::Reference, "a definition in {:?}", markdown);
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                prop_assert!(false, "HTML {:?} in {:?}", html, markdown);
            }
            Event::FootnoteReference(_)
            | Event::Start(Tag::FootnoteDefinition(_) | Tag::Image { .. } | Tag::Emphasis) => {
                prop_assert!(false, "{:?} in {:?}", event, markdown);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether rustdoc might take a part of it for an address.
fn has_address(text: &str) -> bool {
    let hosts = text.split("http://").skip(1).chain(text.split("https://").skip(1));
    hosts
        .map(|host| host.split(|c: char| !c.is_ascii_alphanumeric() && !"-@:%._+~#=".contains(c)).next())
        .any(|host| host.is_some_and(|host| host.contains(|c: char| c.is_ascii_alphabetic())))
}

proptest! {
    // The same comments each time: a failure is to be seen by who causes it.
    #![proptest_config(ProptestConfig {
        cases: 32_768,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn documentation_only_shows(comment in comment()) {
        check(&comment)?;
    }

    #[test]
    fn words_stay(comment in comment()) {
        words::check(&comment.replace(['\u{200b}', '\u{202e}'], ""))?;
    }
}
