use super::Docs;

#[track_caller]
fn check(comment: &str, expected: &[&str]) {
    let docs = Docs::from_comment(comment);
    let lines: Vec<_> = docs.lines().iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    assert_eq!(lines, expected);
    // Nothing is escaped twice.
    let again = Docs::from_comment(&docs.lines().join("\n"));
    assert_eq!(again, docs);
}

#[test]
fn plain_text_stays() {
    check(" Says hello.\n\n Twice, if asked.\n", &["Says hello.", "", "Twice, if asked."]);
}

#[test]
fn tags_and_brackets_are_text() {
    check(" A <b>tag</b> and [x], [Foo.Bar], [^1].", &[r"A \<b>tag\</b> and \[x\], \[Foo.Bar\], \[^1\]."]);
    check(" [foo]: http://a.example/b", &[r"\[foo\]: <http://a.example/b>"]);
    check(" [a\n b]", &[r"\[a", r"b\]"]);
}

#[test]
fn references_keep_their_text() {
    check(" See [Foo][p.v1.Foo] and [the Foo][].", &["See `Foo` and the Foo."]);
    check(" See [the\n Foo][p.v1.Foo], or\n [x]\n [y].", &["See the Foo, or", r"\[x\]", r"\[y\]."]);
}

#[test]
fn addresses_become_links() {
    check(
        " See https://a.example/b_(c), or (http://d.example).",
        &["See <https://a.example/b_(c)>, or (<http://d.example>)."],
    );
    check(
        " [docs](https://a.example) <https://b.example>",
        &["[docs](https://a.example) <https://b.example>"],
    );
    check(
        " starting withhttps://a.example, [x](lhttps://a.example) (**https://a.example**)",
        &[r"starting with<https://a.example>, \[x\](l<https://a.example>) (**<https://a.example>**)"],
    );
    check(" https:// https://[x][x]", &[r"https:\// https:\//`x`"]);
    check(r" \https://%s.a.example \d", &[r"\\<https://%s.a.example> \\d"]);
    check(
        " |[a|b](https://a.example)|<https://a.example/|>|",
        &[r"|\[a|b\](<https://a.example>)|\<<https://a.example/>|>|"],
    );
    check(" See [the\n docs](https://a.example)\n here", &["See [the docs](https://a.example)", "here"]);
    check(" [docs](../other.md)", &[r"\[docs\](../other.md)"]);
}

#[test]
fn code_spans_stay_and_lone_backticks_are_text() {
    check(" `a <b> [c]` and ``d ` e`` and `f", &[r"`a <b> [c]` and ``d ` e`` and \`f"]);
}

#[test]
fn no_block_is_a_doctest() {
    check(" Like:\n ```\n panic!();\n ```\n done", &["Like:", "```text", "panic!();", "```", "done"]);
    check(" ```rust\n panic!();", &["```text", "panic!();", "```"]);
    check(" ~~~ python\n ```\n x\n ~~~", &["````text", "```", "x", "````"]);
    check(
        " Like:\n\n     panic!();\n\n       two\n\n done",
        &["Like:", "", "```text", "panic!();", "", "  two", "```", "", "done"],
    );
    check(" - ```\n   x\n   ```\n - y", &["- ```text", "  x", "  ```", "- y"]);
}

#[test]
fn no_indented_code_is_in_a_list() {
    check(" - a\n\n       deep\n -     far", &["- a", "", "  deep", "- far"]);
    check(" * a *b* **c** p/*/t/*", &[r"* a \*b\* **c** p/\*/t/\*"]);
    check(" 1.     far", &["1. far"]);
    check(" >     quoted", &[r"\> quoted"]);
}

#[test]
fn underscores_stay() {
    check(" a_b __init__ _id_ x__y _", &[r"a_b \_\_init\_\_ \_id\_ x__y \_"]);
}

#[test]
fn entities_are_what_they_stand_for() {
    check(" a &lt; b", &["a &lt; b"]);
}

#[test]
fn lists_are_as_deep_as_they_were() {
    check(
        " - a\n   - b\n     1.  c\n         d\n\n         e\n     2. f\n - g",
        &["- a", "  - b", "    1. c", "       d", "", "       e", "    2. f", "- g"],
    );
    check(
        " * a\n\n   ```\n   b\n     c\n   ```\n\n d",
        &["* a", "", "  ```text", "  b", "    c", "  ```", "", "d"],
    );
    check(" a\n 2. b\n - c\n -", &["a", r"2\. b", "- c", "-"]);
}

#[test]
fn what_does_not_show_is_dropped() {
    check("\u{feff} a\u{200b}b\u{202e}c\u{7}\r\n\td", &["abc", "d"]);
    check(" \u{1f469}\u{200d}\u{1f680}", &["\u{1f469}\u{200d}\u{1f680}"]);
    check(" */ /* x", &[r"\*/ /\* x"]);
    check(" \n \n", &[]);
    check(" a\n\n\n\n b\n", &["a", "", "b"]);
    check("*\n Javadoc.\n", &["Javadoc."]);
    check("* Javadoc. ", &["Javadoc."]);
}

#[test]
fn backslashes_do_not_undo_escapes() {
    check(r" a\[b] c\\[d] e\n end\", &[r"a\[b\] c\\\[d\] e\\n end\\"]);
}

#[test]
fn names_that_are_known_are_links() {
    let links = |name: &str| match name {
        "p.Foo" | "Foo" => Some("Foo".to_owned()),
        "p.Foo.bar" => Some("Foo::bar".to_owned()),
        "q.Baz" => Some("super::q::Baz".to_owned()),
        _ => None,
    };
    let check = |comment, expected: &[&str]| assert_eq!(Docs::linked(comment, &links).lines(), expected);
    check(
        " A [Foo][p.Foo], [Foo][], [`Foo`][.p.Foo] or [Foo].",
        &[" A [`Foo`], [`Foo`], [`Foo`] or [`Foo`]."],
    );
    check(" [bar][p.Foo.bar] and [the baz][q.Baz]", &[" [`bar`](Foo::bar) and [the baz](super::q::Baz)"]);
    check(" A [Foo]\n [p.Foo], [p.Foo]\n [Foo].", &[" A [`Foo`], [`p.Foo`](Foo)", " [`Foo`]."]);
    check(" [p.Foo], [q.Baz], [x][r.X]", &[" [`p.Foo`](Foo), [`q.Baz`](super::q::Baz), `x`"]);
    // These would be a definition, a link to `x`, one link instead of two, and a link to `]`.
    check(" [Foo]: [Foo][p.Foo](x)", &[r" [`Foo`]\: [`Foo`]\(x)"]);
    check(r" [Foo][p.Foo][q.Baz] [Foo]\[``]``]", &[r" `Foo`[`q.Baz`](super::q::Baz) `Foo`\[``]``\]"]);
}

#[test]
fn nothing_is_struck_through_or_loaded() {
    check(" ~10 a~b~ ~~c~~ ![d](https://e.example)", &[r"~10 a\~b\~ \~\~c\~\~ \![d](https://e.example)"]);
}

#[test]
fn tables_lose_nothing() {
    check(" |a|`b`|\n |-|-|\n |c|", &["|a|`b`|", "|-|-|", "|c|"]);
    check(" |`a|b`|\n |-|-|", &["|`a|b`|", r"\|-|-|"]);
    check(" |a|\n |-|\n |b|c|", &["|a|", r"\|-|", "|b|c|"]);
}
