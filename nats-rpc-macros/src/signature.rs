use nats_rpc_codegen::ir::Kind;
use syn::{FnArg, GenericArgument, PathArguments, ReturnType, Safety, Signature, Type};

use crate::Errors;

/// The types of `async fn say_hello(&self, request: Request<A>) -> Result<Response<B>, Status>`, where `Streaming<..>` may
/// be around `A` and `B`.
pub(crate) struct Types {
    pub(crate) kind: Kind,
    /// `A`.
    pub(crate) request: Type,
    /// `B`.
    pub(crate) response: Type,
    /// `Request<A>`.
    pub(crate) argument: Type,
    /// `Result<Response<B>, Status>`.
    pub(crate) output: Type,
}

/// The types, or what is wrong.
pub(crate) fn parse(signature: &Signature, errors: &mut Errors) -> Option<Types> {
    if signature.asyncness.is_none() {
        errors.at(signature.fn_token, "an RPC is an `async fn`");
    }
    if signature.generics.lifetimes().any(|parameter| parameter.lifetime.ident == "async_trait") {
        errors.at(
            &signature.ident,
            "`#[async_trait]` is not needed: leave it out, here and above implementations",
        );
        return None;
    }
    if !signature.generics.params.is_empty() {
        errors.at(&signature.generics, "an RPC has no generic parameters: its types are known to both sides");
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, "an RPC has no conditions: its types are known to both sides");
    }
    if !matches!(signature.safety, Safety::Default)
        || signature.constness.is_some()
        || signature.abi.is_some()
    {
        errors.at(signature.fn_token, "an RPC is a plain `async fn`: not `unsafe`, `const` or `extern`");
    }
    let argument = argument(signature, errors);
    let output = output(signature, errors);
    let ((argument, requests), (output, responses)) = argument.zip(output)?;
    for message in [&requests.message, &responses.message] {
        check_message(message, errors);
    }
    let kind = Kind::of(requests.stream, responses.stream);
    Some(Types { kind, request: requests.message, response: responses.message, argument, output })
}

/// One message, or a stream of them.
struct Messages {
    message: Type,
    stream: bool,
}

impl Messages {
    fn of(ty: &Type) -> Self {
        let streamed = generics::<1>(ty, "Streaming").map(|[message]| message);
        Self { message: streamed.unwrap_or(ty).clone(), stream: streamed.is_some() }
    }
}

/// Finds types that no message is, whatever the codec.
fn check_message(message: &Type, errors: &mut Errors) {
    let is_self = |path: &syn::TypePath| path.path.is_ident("Self");
    match unwrapped(message) {
        Type::Reference(_) => errors.at(message, "a message owns what it holds: it can't be a reference"),
        Type::ImplTrait(_) | Type::TraitObject(_) | Type::Infer(_) => {
            errors.at(message, "a message is of one named type: both sides have to know it");
        }
        Type::Path(path) if is_self(path) => {
            errors.at(message, "a message is of one named type: `Self` is another for each implementation");
        }
        _ => {}
    }
}

/// The type without what a macro by example puts around it.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        other => other,
    }
}

/// `Request<A>` and `A`.
fn argument(signature: &Signature, errors: &mut Errors) -> Option<(Type, Messages)> {
    let mut inputs = signature.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) if is_shared_self(receiver) => {}
        Some(FnArg::Receiver(receiver)) => errors.at(
            receiver,
            "an RPC takes `&self`: calls run side by side, so keep what changes behind a lock or in an atomic",
        ),
        _ => {
            errors.at(&signature.ident, "an RPC takes `&self` and a request: `(&self, request: Request<..>)`");
            return None;
        }
    }
    let Some(FnArg::Typed(argument)) = inputs.next() else {
        errors.at(&signature.ident, "an RPC takes a request: `(&self, request: Request<..>)`");
        return None;
    };
    for more in inputs {
        errors.at(more, "an RPC takes one request: put what belongs to it into its message");
    }
    let Some([message]) = generics::<1>(&argument.ty, "Request") else {
        errors.at(&argument.ty, "a request is `Request<..>` around a message, written out: what an alias stands for can't be seen here");
        return None;
    };
    Some(((*argument.ty).clone(), Messages::of(message)))
}

fn is_shared_self(receiver: &syn::Receiver) -> bool {
    quote::quote!(#receiver).to_string() == "& self"
}

/// `Result<Response<B>, Status>` and `B`.
fn output(signature: &Signature, errors: &mut Errors) -> Option<(Type, Messages)> {
    const MESSAGE: &str = "an RPC returns `Result<Response<..>, Status>`, written out: what an alias stands for can't be seen here";
    let ReturnType::Type(_, output) = &signature.output else {
        errors.at(&signature.ident, MESSAGE);
        return None;
    };
    let Some([response, status]) = generics::<2>(output, "Result") else {
        errors.at(output, MESSAGE);
        return None;
    };
    if generics::<0>(status, "Status").is_none() {
        errors.at(status, "the error of an RPC is `Status`");
    }
    let Some([message]) = generics::<1>(response, "Response") else {
        errors.at(response, "a response is `Response<..>` around a message, written out: what an alias stands for can't be seen here");
        return None;
    };
    Some(((**output).clone(), Messages::of(message)))
}

/// The arguments of a type whose last segment has that name, if there are as many.
fn generics<'a, const N: usize>(ty: &'a Type, name: &str) -> Option<[&'a Type; N]> {
    let Type::Path(path) = unwrapped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let types = match &last.arguments {
        PathArguments::None => Vec::new(),
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().map(as_type).collect::<Option<Vec<_>>>()?
        }
        PathArguments::Parenthesized(_) => return None,
    };
    types.try_into().ok()
}

fn as_type(argument: &GenericArgument) -> Option<&Type> {
    match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}
