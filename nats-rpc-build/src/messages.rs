use nats_rpc_codegen::tokens::allow;
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    AttrStyle, Attribute, Expr, ExprLit, Field, Item, ItemMod, Lit, LitStr, Meta, MetaNameValue, Token,
    parse_quote, token,
};

use crate::comments::Comments;
use crate::error::Error;
use crate::links::{Links, Place};
use crate::maps;

/// prost's code with its comments made safe, and our list of lints on every item.
pub(crate) fn finish(
    code: &str,
    package: &str,
    comments: &Comments,
    links: &Links<'_>,
) -> Result<Vec<Item>, Error> {
    let mut file = syn::parse_file(code).map_err(|error| not_rust(&error))?;
    WithDocs { package, modules: Vec::new(), comments, links }.visit_file_mut(&mut file);
    for item in &mut file.items {
        add_allow(item);
    }
    Ok(file.items)
}

/// prost or we have written what is no Rust. Attributes that a build script adds are the likely cause.
pub(crate) fn not_rust(error: &syn::Error) -> Error {
    Error::plain(
        format!("the generated code is not valid Rust: {error}"),
        "check the attributes and types that the build script adds with `Config::prost`",
    )
}

/// Puts documentation in place of its marks.
struct WithDocs<'a> {
    package: &'a str,
    /// Those that are open, of messages.
    modules: Vec<String>,
    comments: &'a Comments,
    links: &'a Links<'a>,
}

impl VisitMut for WithDocs<'_> {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let all = attributes.drain(..).flat_map(|attribute| self.replace(attribute)).collect();
        *attributes = all;
    }

    fn visit_field_mut(&mut self, field: &mut Field) {
        maps::rename(field);
        visit_mut::visit_field_mut(self, field);
    }

    fn visit_item_mod_mut(&mut self, module: &mut ItemMod) {
        self.visit_attributes_mut(&mut module.attrs);
        self.modules.push(module.ident.to_string());
        for item in module.content.iter_mut().flat_map(|(_, items)| items) {
            self.visit_item_mut(item);
        }
        self.modules.pop();
    }
}

impl WithDocs<'_> {
    fn replace(&self, attribute: Attribute) -> Vec<Attribute> {
        let place = Place { package: self.package, modules: &self.modules };
        match doc(&attribute).and_then(|line| self.comments.docs(&line, self.links, place)) {
            Some(docs) => docs.lines().iter().map(|line| doc_attribute(line)).collect(),
            None => vec![attribute],
        }
    }
}

/// `#[doc = "line"]`. There are many of them, and parsing them takes longer than all else.
fn doc_attribute(line: &str) -> Attribute {
    let lit = Lit::Str(LitStr::new(line, Span::call_site()));
    Attribute {
        pound_token: Token![#](Span::call_site()),
        style: AttrStyle::Outer,
        bracket_token: token::Bracket::default(),
        meta: Meta::NameValue(MetaNameValue {
            path: Ident::new("doc", Span::call_site()).into(),
            eq_token: Token![=](Span::call_site()),
            value: Expr::Lit(ExprLit { attrs: Vec::new(), lit }),
        }),
    }
}

fn doc(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Adds the list of lints behind the documentation of an item.
pub(crate) fn add_allow(item: &mut Item) {
    let attributes = match item {
        Item::Enum(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Mod(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        _ => return,
    };
    let behind_docs = attributes.iter().take_while(|attribute| attribute.path().is_ident("doc")).count();
    let tokens: TokenStream = allow().into_token_stream();
    let list: Attribute = parse_quote!(#tokens);
    attributes.insert(behind_docs, list);
}
