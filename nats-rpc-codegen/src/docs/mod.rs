//! Comments of a `.proto` as rustdoc that does nothing but show.
//!
//! Whatever a comment holds, the documentation made from it runs no doctest, has no broken link, no HTML and no bare
//! address, and no character that the compiler refuses. All words of the comment are shown, in their order. Paragraphs,
//! lists, tables, `code`, links to web pages, bold text and entities such as `&lt;` stay what they are in Markdown.

mod addresses;
mod blocks;
mod code;
mod inline;
mod items;
mod links;
mod references;
mod tables;
mod text;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// The Rust path of what a name in a comment stands for, such as `greeter.v1.Hello`, as rustdoc finds it from there;
/// nothing if it is not known.
pub type Links<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Lines of documentation, one `#[doc]` attribute each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docs(Vec<String>);

impl Docs {
    /// Documentation from a comment in a `.proto`, made safe.
    ///
    /// ```
    /// # use nats_rpc_codegen::docs::Docs;
    /// let docs = Docs::from_comment(" Replies to <name>, see [Foo].");
    /// assert_eq!(docs.lines(), [r" Replies to \<name>, see \[Foo\]."]);
    /// ```
    #[must_use]
    pub fn from_comment(comment: &str) -> Self {
        Self::linked(comment, &|_| None)
    }

    /// Documentation from a comment in a `.proto`, made safe, in which `[Foo][p.v1.Foo]`, `[p.v1.Foo]` and `[Foo]` are
    /// links where it is known what they lead to.
    ///
    /// ```
    /// # use nats_rpc_codegen::docs::Docs;
    /// let links = |name: &str| (name == "p.v1.Foo").then(|| "super::Foo".to_owned());
    /// let docs = Docs::linked(" Has a [Foo][p.v1.Foo].", &links);
    /// assert_eq!(docs.lines(), [" Has a [`Foo`](super::Foo)."]);
    /// ```
    #[must_use]
    pub fn linked(comment: &str, links: &Links<'_>) -> Self {
        Self(blocks::lines(comment, links).into_iter().map(indent).collect())
    }

    /// These lines, or `fallback` if there are none.
    #[must_use]
    pub fn or(&self, fallback: &str) -> Self {
        if self.0.is_empty() { Self(vec![indent(fallback.to_owned())]) } else { self.clone() }
    }

    /// The lines, each with the space that stands after `///`.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl ToTokens for Docs {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for line in &self.0 {
            tokens.extend(quote! { #[doc = #line] });
        }
    }
}

fn indent(line: String) -> String {
    if line.is_empty() { line } else { format!(" {line}") }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
