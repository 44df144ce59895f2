use serde::Deserialize;

/// As whom a caller from another account has logged in, by what the NATS server says.
///
/// A NATS server adds it to calls that come through an import of the service: the account always, the user and
/// more when the import says `share: true`. It is among the [extensions](crate::Request::extensions) of such calls.
///
/// It can be trusted. What is read is the header `Nats-Request-Info`, which the server writes itself where a call passes
/// an import; and only from calls whose answers go through an import (their reply subject begins with `_R_.`, which no
/// NATS server lets a client choose). A leaf node that is connected to the service's own account counts as a NATS server:
/// whoever runs it speaks for the account. Calls within the service's own account have none, whatever they claim: there, a
/// token says who the caller is, or the NATS permissions decide who can call at all.
///
/// ```
/// use nats_rpc::call::NatsIdentity;
/// use nats_rpc::layer::{AuthLayer, Credentials};
/// use nats_rpc::{Status, Request};
///
/// #[derive(Clone)]
/// struct Tenant(String);
///
/// let auth = AuthLayer::new(|credentials: &Credentials<'_>| {
///     let identity = credentials.require_nats_identity()?;
///     Ok(Tenant(identity.account().to_owned()))
/// });
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NatsIdentity {
    #[serde(rename = "acc")]
    account: String,
    user: Option<String>,
    host: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

impl NatsIdentity {
    /// Reads what a NATS server writes. `None`: it says nothing of an account.
    pub(crate) fn parse(info: &str) -> Option<Self> {
        serde_json::from_str(info).ok()
    }

    /// The account of the caller, as the NATS server names it.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The user, where the import shares it: its name, or the public key of one that logs in with a key.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// From which address the caller has connected, where the import shares it.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The tags in the user's JWT, where the import shares them.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
}

#[cfg(test)]
mod tests {
    use super::NatsIdentity;

    #[test]
    fn what_is_not_said_is_not_known() {
        let known = NatsIdentity::parse(r#"{"acc":"A","rtt":123}"#).unwrap();
        assert_eq!((known.account(), known.user(), known.host(), known.tags().len()), ("A", None, None, 0));
        for nothing in ["", "{}", "[]", "{\"user\":\"x\"}", "{\"acc\":1}", "A"] {
            assert_eq!(NatsIdentity::parse(nothing), None, "{nothing:?}");
        }
    }
}
