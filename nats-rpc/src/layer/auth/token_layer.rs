use std::fmt;
use std::future::{Future, Ready, ready};
use std::sync::Arc;

use futures_util::future::Either;
use tower_layer::Layer;

use super::{AUTHORIZATION, Token};
use crate::layer::{Gate, Gated};
use crate::raw::Call;
use crate::status::Status;

/// Where a client's token comes from: a [`Token`] that stays, a function that returns the current one, or one
/// that is [fetched](super::RefreshedToken) before the old one expires.
pub trait TokenSource: Send + Sync + 'static {
    /// The token for a call that is made now. It is asked for each call, so that what takes long should be kept, as
    /// [`RefreshedToken`](super::RefreshedToken) does.
    ///
    /// # Errors
    /// Why there is none; the call ends with it, and is not sent.
    fn token(&self) -> impl Future<Output = Result<Token, Status>> + Send;
}

impl TokenSource for Token {
    fn token(&self) -> impl Future<Output = Result<Self, Status>> + Send {
        ready(Ok(self.clone()))
    }
}

impl<F: Fn() -> Result<Token, Status> + Send + Sync + 'static> TokenSource for F {
    fn token(&self) -> impl Future<Output = Result<Token, Status>> + Send {
        ready(self())
    }
}

/// Puts a token on each call: `authorization: Bearer <token>` among its metadata.
///
/// A call that has an `authorization` of its own keeps it. Everybody who may read the service's subject in the NATS
/// account sees the token, as they see the rest of the call.
///
/// ```
/// use nats_rpc::layer::{Token, TokenLayer};
/// use nats_rpc::raw::{Call, Reply};
/// use nats_rpc::{Channel, Status};
/// use tower::{Service, ServiceBuilder};
///
/// # fn layered(channel: Channel) -> Result<(), Status> {
/// let channel = ServiceBuilder::new().layer(TokenLayer::new(Token::new("secret")?)).service(channel);
/// # let _: &dyn Service<Call, Response = Reply, Error = Status, Future = _> = &channel;
/// // let greeter = GreeterClient::new(channel);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it is put around a service"]
pub struct TokenLayer<G> {
    gate: G,
}

impl TokenLayer<()> {
    /// Takes the token of each call from `source`.
    pub fn new<T: TokenSource>(source: T) -> TokenLayer<impl Gate> {
        let source = Arc::new(source);
        let gate = move |mut call: Call| {
            let source = Arc::clone(&source);
            async move {
                source.token().await?.add_to(call.metadata_mut());
                Ok(call)
            }
        };
        TokenLayer { gate }
    }
}

impl<G: Gate> Gate for TokenLayer<G> {
    type Passing = Either<Ready<Result<Call, Status>>, G::Passing>;

    fn pass(&self, call: Call) -> Self::Passing {
        if call.metadata().get(AUTHORIZATION).is_some() {
            return Either::Left(ready(Ok(call)));
        }
        Either::Right(self.gate.pass(call))
    }
}

impl<G: Gate, S> Layer<S> for TokenLayer<G> {
    type Service = Gated<Self, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated::new(self.clone(), inner)
    }
}

impl<G> fmt::Debug for TokenLayer<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenLayer").finish_non_exhaustive()
    }
}
