use nats_rpc_codegen::ir::Service;
use nats_rpc_codegen::tokens::allow;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

/// Asks of each message that the codec can take it, at the place where the message is named: an error in the generated
/// bodies would point at the attribute.
pub(crate) fn bounds(service: &Service) -> TokenStream {
    let (runtime, codec) = (&service.paths.runtime, &service.paths.codec);
    let allow = allow();
    let messages = service.methods.iter().flat_map(|method| [&method.request, &method.response]);
    let asserts = messages.map(|message| quote_spanned! { message.span() => is_message::<#message>(); });
    quote! {
        #allow
        const _: () = {
            const fn is_message<__M>()
            where
                #codec: #runtime::codec::Encode<__M> + #runtime::codec::Decode<__M>,
            {
            }
            #(#asserts)*
        };
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{TokenStream, TokenTree};

    /// Line and column of all identifiers of that name.
    fn places(tokens: TokenStream, name: &str) -> Vec<(usize, usize)> {
        let of_tree = |tree| match tree {
            TokenTree::Group(group) => places(group.stream(), name),
            TokenTree::Ident(ident) if ident == name => {
                let start = ident.span().start();
                vec![(start.line, start.column)]
            }
            _ => Vec::new(),
        };
        tokens.into_iter().flat_map(of_tree).collect()
    }

    #[test]
    fn what_asks_for_the_codecs_traits_stands_where_the_messages_are_named() {
        let text = "trait Greeter {\n  async fn hello(&self, q: Request<Ask>) -> Result<Response<Answer>, Status>;\n}";
        let item = syn::parse_str(text).expect("a trait");
        let tokens = crate::expand(TokenStream::new(), &item).expect("a service");
        let (ask, answer) = ((2, 35), (2, 60));
        assert!(places(tokens.clone(), "Ask").iter().all(|place| *place == ask));
        assert_eq!(places(tokens.clone(), "is_message")[1..], [ask, answer]);
        assert_eq!(places(tokens.clone(), "unary"), [ask]);
        assert_eq!(places(tokens, "handle_unary"), [ask]);
    }

    #[test]
    fn the_messages_of_streams_are_found_inside() {
        let text = "trait Greeter {\n  async fn hello(&self, q: Request<Streaming<Ask>>) -> Result<Response<a::Streaming<Answer>>, Status>;\n}";
        let item = syn::parse_str(text).expect("a trait");
        let tokens = crate::expand(TokenStream::new(), &item).expect("a service");
        let (ask, answer) = ((2, 45), (2, 84));
        assert_eq!(places(tokens.clone(), "is_message")[1..], [ask, answer]);
        assert_eq!(places(tokens.clone(), "bidi_streaming"), [ask]);
        assert_eq!(places(tokens, "handle_bidi_streaming"), [ask]);
    }

    #[test]
    fn what_is_in_a_body_stays_where_it_is_written() {
        let text = "trait Greeter {\n  async fn hello(&self, q: Request<Ask>) -> Result<Response<Answer>, Status> {\n    answer(q)\n  }\n}";
        let item = syn::parse_str(text).expect("a trait");
        let tokens = crate::expand(TokenStream::new(), &item).expect("a service");
        assert_eq!(places(tokens.clone(), "answer"), [(3, 4)]);
        assert_eq!(places(tokens, "q"), [(2, 24), (3, 11)]);
    }
}
