use std::fmt;

use super::{AUTHORIZATION, BEARER};
use crate::call::NatsIdentity;
use crate::metadata::Metadata;
use crate::raw::Call;
use crate::spec::Method;
use crate::status::Status;

/// What a call says about who makes it.
pub struct Credentials<'a> {
    method: &'a Method,
    metadata: &'a Metadata,
    identity: Option<&'a NatsIdentity>,
}

impl<'a> Credentials<'a> {
    /// Those of a call.
    #[must_use]
    pub fn of(call: &'a Call) -> Self {
        let identity = call.extensions().get();
        Self { method: call.method(), metadata: call.metadata(), identity }
    }

    /// Which method is called.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// All metadata that came with the call.
    #[must_use]
    pub fn metadata(&self) -> &'a Metadata {
        self.metadata
    }

    /// The token of `authorization: Bearer <token>`, whatever the case of the scheme. `None` too when the key has more
    /// than one value: which of them somebody else has looked at can't be known.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a str> {
        let mut values = self.metadata.get_all(AUTHORIZATION);
        let (value, None) = (values.next()?, values.next()) else { return None };
        let (scheme, token) = value.split_once(' ')?;
        let token = token.trim();
        (scheme.eq_ignore_ascii_case(BEARER) && !token.is_empty()).then_some(token)
    }

    /// The token of `authorization: Bearer <token>`.
    ///
    /// # Errors
    /// UNAUTHENTICATED when there is none.
    pub fn require_bearer(&self) -> Result<&'a str, Status> {
        self.bearer().ok_or_else(|| {
            Status::unauthenticated(
                "the call needs one token, in its metadata: `authorization: Bearer <token>`",
            )
        })
    }

    /// As whom the caller has logged in at the NATS server, if that vouches for it.
    #[must_use]
    pub fn nats_identity(&self) -> Option<&'a NatsIdentity> {
        self.identity
    }

    /// As whom the caller has logged in at the NATS server.
    ///
    /// # Errors
    /// UNAUTHENTICATED when no NATS server vouches for it: the call came from the service's own account.
    pub fn require_nats_identity(&self) -> Result<&'a NatsIdentity, Status> {
        self.identity.ok_or_else(|| {
            Status::unauthenticated(
                "the NATS server says who a caller is only where it imports the service from another account",
            )
        })
    }
}

/// Without what it would be dangerous to log.
impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("method", &self.method)
            .field("has_bearer", &self.bearer().is_some())
            .field("nats_identity", &self.identity)
            .finish()
    }
}
