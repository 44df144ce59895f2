use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::hash::{FNV_START, feed};
use super::{BreakerSpec, DurableSpec, HedgeSpec, Idempotency, Kind, RetrySpec, Spec, method_hash};

/// A method to be called: known at build time, or by name only.
#[derive(Clone)]
pub struct Method(pub(super) Repr);

#[derive(Clone)]
pub(super) enum Repr {
    Static(&'static Spec),
    Dynamic(Arc<Dynamic>),
}

pub(super) struct Dynamic {
    service: String,
    name: String,
    kind: Kind,
    hash: u32,
    service_hash: u32,
}

impl From<&'static Spec> for Method {
    fn from(spec: &'static Spec) -> Self {
        Self(Repr::Static(spec))
    }
}

impl Method {
    /// A method that is known by name only, such as `greeter.v1.Greeter` and `SayHello`.
    #[must_use]
    pub fn dynamic(service: impl Into<String>, name: impl Into<String>, kind: Kind) -> Self {
        let (service, name) = (service.into(), name.into());
        let hash = method_hash(&service, &name);
        let service_hash = feed(FNV_START, service.as_bytes());
        Self(Repr::Dynamic(Arc::new(Dynamic { service, name, kind, hash, service_hash })))
    }

    /// The full name of the service, such as `greeter.v1.Greeter`.
    #[must_use]
    pub fn service(&self) -> &str {
        match &self.0 {
            Repr::Static(spec) => spec.service,
            Repr::Dynamic(method) => &method.service,
        }
    }

    /// The name within the service, such as `SayHello`.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Repr::Static(spec) => spec.name,
            Repr::Dynamic(method) => &method.name,
        }
    }

    /// One of the four kinds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Repr::Static(spec) => spec.kind,
            Repr::Dynamic(method) => method.kind,
        }
    }

    /// Whether the method may run twice.
    #[must_use]
    pub fn idempotency(&self) -> Idempotency {
        self.spec().map_or(Idempotency::Unknown, |spec| spec.idempotency)
    }

    /// The timeout that the `.proto` or the macro sets.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.spec().and_then(|spec| spec.timeout)
    }

    /// When a failed call is made again, if the options say.
    #[must_use]
    pub fn retry(&self) -> Option<&'static RetrySpec> {
        self.spec()?.retry.as_ref()
    }

    /// When a call is sent again before the first answer, if the options say.
    #[must_use]
    pub fn hedge(&self) -> Option<&'static HedgeSpec> {
        self.spec()?.hedge.as_ref()
    }

    /// When calls are given up at once, if the options say.
    #[must_use]
    pub fn breaker(&self) -> Option<&'static BreakerSpec> {
        self.spec()?.breaker.as_ref()
    }

    /// How calls are kept in a JetStream stream, if the options say so. It has no effect in this release.
    #[must_use]
    pub fn durable(&self) -> Option<&'static DurableSpec> {
        self.spec()?.durable.as_ref()
    }

    /// The whole subject, if it was computed at build time.
    pub(crate) fn subject(&self) -> Option<&'static str> {
        self.spec().and_then(|spec| spec.subject)
    }

    /// The hash that opening frames carry, so that a method is never answered by another one.
    pub(crate) fn hash(&self) -> u32 {
        match &self.0 {
            Repr::Static(spec) => spec.hash,
            Repr::Dynamic(method) => method.hash,
        }
    }

    /// Whether it is the same method. A method of generated code is one constant, so that this is quick.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Static(one), Repr::Static(other)) if std::ptr::eq(*one, *other) => true,
            _ => {
                self.hash() == other.hash()
                    && self.name() == other.name()
                    && self.service() == other.service()
            }
        }
    }

    /// Where to begin to look for what is known of the service.
    pub(crate) fn service_hash(&self) -> u32 {
        match &self.0 {
            Repr::Static(spec) => spec.service_hash,
            Repr::Dynamic(method) => method.service_hash,
        }
    }

    fn spec(&self) -> Option<&'static Spec> {
        match &self.0 {
            Repr::Static(spec) => Some(spec),
            Repr::Dynamic(_) => None,
        }
    }
}

/// Methods are equal when service and name are.
impl PartialEq for Method {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for Method {}

impl Hash for Method {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.hash());
    }
}

/// As gRPC writes it: `/greeter.v1.Greeter/SayHello`.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.service(), self.name())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({self})")
    }
}
