//! gRPC's service config: policies in JSON, as they are for any gRPC client.

mod codes;
mod duration;
mod error;
mod fields;
mod hedging;
mod json;
mod method_config;
mod names;
mod notes;
mod number;
mod retry;
mod throttling;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use self::error::InvalidServiceConfig;
pub use self::throttling::Throttling;

use self::fields::{Fields, Node};
use self::notes::Notes;
use super::Overrides;
use super::scopes::{Scopes, Width};
use crate::spec::Method;

/// What is read at the top.
const KNOWN: &[&str] = &["methodConfig", "retryThrottling"];
/// gRPC's own, for which this library has no use.
const WITHOUT_USE: &[&str] = &["loadBalancingConfig", "loadBalancingPolicy", "healthCheckConfig"];

/// Policies from gRPC's service-config JSON ([service config], [gRFC A6]).
///
/// Each entry of `methodConfig` holds for the methods in its `name`: `{"service": "shop.v1.Orders", "method": "Put"}`
/// is one method, `{"service": "shop.v1.Orders"}` all of a service, `{}` all. Only the entry that names a method most
/// precisely holds for it.
///
/// | field | meaning |
/// |---|---|
/// | `timeout` | how long a call may take that does not say so itself: `"1.5s"`, above 0 |
/// | `waitForReady` | whether a call waits until somebody serves the method |
/// | `retryPolicy` | when a failed call is made again: `maxAttempts`, `initialBackoff`, `maxBackoff`, `backoffMultiplier`, `retryableStatusCodes`; `perAttemptRecvTimeout` is the timeout of an attempt |
/// | `hedgingPolicy` | when a call is sent again before it is answered: `maxAttempts`, `hedgingDelay`, `nonFatalStatusCodes` |
///
/// Beside `methodConfig` there may be `retryThrottling`, with `maxTokens` and `tokenRatio`; see [`Throttle`].
///
/// Differences from gRPC:
///
/// - gRPC leaves it to the owner of a service which methods may run twice. Here methods say so themselves, and a
///   service config can't say otherwise. Of a method that is not declared idempotent only calls that no handler has seen
///   are made again. Hedging holds for unary methods that are declared `NO_SIDE_EFFECTS`, and for `IDEMPOTENT` ones that
///   an entry names with service and method; for any other one it is left out, with a warning in the log if the method is
///   named.
/// - What an entry leaves out is not off, but what the method's options or the defaults say.
/// - `initialBackoff` is at most `maxBackoff`, `hedgingDelay` is below `timeout`, and OK is no code to go on after.
///   gRPC takes such entries, which can't do what they seem to say.
/// - A [timeout of the call](crate::client::Unary::timeout) takes the place of `timeout`, longer or not.
///
/// `loadBalancingConfig`, `loadBalancingPolicy`, `healthCheckConfig`, `maxRequestMessageBytes` and
/// `maxResponseMessageBytes` have no use here. Fields that nobody knows have no effect either, as [gRFC A21] wants, but
/// are a warning in the log: one of them may be a known one that is misspelled.
///
/// ```
/// use nats_rpc::layer::ServiceConfig;
///
/// let config = ServiceConfig::parse(
///     r#"{
///         "methodConfig": [{
///             "name": [{ "service": "shop.v1.Orders" }],
///             "timeout": "2s",
///             "retryPolicy": {
///                 "maxAttempts": 4,
///                 "initialBackoff": "0.05s",
///                 "maxBackoff": "1s",
///                 "backoffMultiplier": 2,
///                 "retryableStatusCodes": ["UNAVAILABLE"]
///             }
///         }]
///     }"#,
/// )?;
/// assert!(config.ignored().is_empty());
///
/// let error = ServiceConfig::parse(r#"{ "methodConfig": [{ "name": [{}], "timeout": "2" }] }"#).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"invalid service config: methodConfig[0].timeout is "2": give seconds above 0 with an `s`, such as "0.5s""#
/// );
/// # Ok::<(), nats_rpc::layer::InvalidServiceConfig>(())
/// ```
///
/// [service config]: https://github.com/grpc/grpc-proto/blob/master/grpc/service_config/service_config.proto
/// [gRFC A6]: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
/// [gRFC A21]: https://github.com/grpc/proposal/blob/master/A21-service-config-error-handling.md
/// [`Throttle`]: crate::layer::Throttle
#[derive(Debug, Clone, Default)]
pub struct ServiceConfig {
    methods: Scopes<Overrides>,
    throttling: Option<Throttling>,
    ignored: Vec<String>,
}

impl ServiceConfig {
    /// Reads the JSON.
    ///
    /// # Errors
    /// When it is no JSON, with line and column, or when values are missing or not allowed, with the path of each. Then
    /// nothing of it holds.
    pub fn parse(json: &str) -> Result<Self, InvalidServiceConfig> {
        let value = json::parse(json)?;
        let mut notes = Notes::default();
        let config = Self::read(&value, &mut notes);
        let ignored = notes.finish()?;
        Ok(Self { ignored, ..config })
    }

    fn read(value: &Value, notes: &mut Notes) -> Self {
        let mut config = Self::default();
        let Some(fields) = Fields::of(&Node::top(value), KNOWN, WITHOUT_USE, notes) else { return config };
        if let Some(throttling) = fields.get("retryThrottling") {
            config.throttling = throttling::read(&throttling, notes);
        }
        let entries = fields.get("methodConfig").and_then(|entries| entries.elements(notes));
        config.methods = method_config::read_all(&entries.unwrap_or_default(), notes);
        config
    }

    /// The paths of what has no effect, because nobody knows it or because it has no use here.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// How retries are throttled, if that is said.
    #[must_use]
    pub fn throttling(&self) -> Option<Throttling> {
        self.throttling
    }

    /// What the entry says that names a method most precisely, and whether it names the method itself.
    pub(super) fn of(&self, method: &Method) -> Option<(&Overrides, Width)> {
        self.methods.narrowest_first(method).next()
    }
}
