use std::future::{Future, ready};

use super::Credentials;
use crate::status::Status;

/// Finds out who makes a call.
///
/// A function of the credentials that returns a `Result` is one; what has to wait implements the trait:
///
/// ```
/// use nats_rpc::Status;
/// use nats_rpc::layer::{AuthLayer, Authenticate, Credentials};
///
/// #[derive(Clone)]
/// struct User(String);
///
/// # struct Sessions;
/// # impl Sessions {
/// #     async fn find(&self, token: &str) -> Option<User> { Some(User(token.to_owned())) }
/// # }
/// impl Authenticate for Sessions {
///     type Principal = User;
///
///     async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Status> {
///         let user = self.find(credentials.require_bearer()?).await;
///         user.ok_or_else(|| Status::unauthenticated("the session is over: log in again"))
///     }
/// }
///
/// let layer = AuthLayer::new(Sessions);
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// Who that is: what handlers get from [`Request::principal`](crate::Request::principal).
    type Principal: Clone + Send + Sync + 'static;

    /// Finds out who makes a call, or why it may not be made.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the caller is not known, PERMISSION_DENIED when it is known and may not call this; the call
    /// ends with what is returned. Callers read the message: it must not repeat the token.
    fn authenticate(
        &self,
        credentials: &Credentials<'_>,
    ) -> impl Future<Output = Result<Self::Principal, Status>> + Send;
}

impl<F, P> Authenticate for F
where
    F: Fn(&Credentials<'_>) -> Result<P, Status> + Send + Sync + 'static,
    P: Clone + Send + Sync + 'static,
{
    type Principal = P;

    fn authenticate(&self, credentials: &Credentials<'_>) -> impl Future<Output = Result<P, Status>> + Send {
        ready(self(credentials))
    }
}
