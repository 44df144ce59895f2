//! Facts about services and methods that are fixed when code is generated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The four kinds of calls: one message or a stream, each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One request, one response.
    Unary,
    /// One request, a stream of responses.
    ServerStreaming,
    /// A stream of requests, one response.
    ClientStreaming,
    /// A stream each way.
    BidiStreaming,
}

/// Whether a method may run twice, as its `idempotency_level` in the `.proto` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Idempotency {
    /// Not declared: a call that may have run is never repeated.
    #[default]
    Unknown,
    /// `NO_SIDE_EFFECTS`: reading only.
    NoSideEffects,
    /// `IDEMPOTENT`: a repetition has no further effect.
    Idempotent,
}

/// What is known of one method at build time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    service: &'static str,
    name: &'static str,
    index: usize,
    kind: Kind,
    hash: u32,
    service_hash: u32,
    subject: Option<&'static str>,
    idempotency: Idempotency,
    timeout: Option<Duration>,
}

impl Spec {
    /// Describes method number `index` of a service such as `greeter.v1.Greeter`.
    #[must_use]
    pub const fn new(service: &'static str, name: &'static str, index: usize, kind: Kind) -> Self {
        Self {
            service,
            name,
            index,
            kind,
            hash: method_hash(service, name),
            service_hash: feed(FNV_START, service.as_bytes()),
            subject: None,
            idempotency: Idempotency::Unknown,
            timeout: None,
        }
    }

    /// Sets the whole subject of the method.
    #[must_use]
    pub const fn with_subject(mut self, subject: &'static str) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Declares whether the method may run twice.
    #[must_use]
    pub const fn with_idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Sets the timeout of calls that name none themselves.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// What is known of one service at build time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceSpec {
    name: &'static str,
    methods: &'static [Spec],
    subject: Option<&'static str>,
    queue_group: &'static str,
    descriptor_set: Option<&'static [u8]>,
}

impl ServiceSpec {
    /// The queue group of a service whose `.proto` names none; ADR-32 has the same.
    pub const DEFAULT_QUEUE_GROUP: &'static str = "q";

    /// Describes a service such as `greeter.v1.Greeter`.
    #[must_use]
    pub const fn new(name: &'static str, methods: &'static [Spec]) -> Self {
        Self { name, methods, subject: None, queue_group: Self::DEFAULT_QUEUE_GROUP, descriptor_set: None }
    }

    /// Sets the subject that the methods' names are appended to. The default is `svc.` and the service's name.
    #[must_use]
    pub const fn with_subject(mut self, subject: &'static str) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Sets the queue group over which instances share the calls.
    #[must_use]
    pub const fn with_queue_group(mut self, queue_group: &'static str) -> Self {
        self.queue_group = queue_group;
        self
    }

    /// Attaches the serialized `google.protobuf.FileDescriptorSet` that the service was generated from.
    #[must_use]
    pub const fn with_descriptor_set(mut self, descriptor_set: &'static [u8]) -> Self {
        self.descriptor_set = Some(descriptor_set);
        self
    }

    /// The full name, such as `greeter.v1.Greeter`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The queue group over which instances share the calls.
    #[must_use]
    pub const fn queue_group(&self) -> &'static str {
        self.queue_group
    }

    /// The serialized `google.protobuf.FileDescriptorSet` that the service was generated from, if any.
    #[must_use]
    pub const fn descriptor_set(&self) -> Option<&'static [u8]> {
        self.descriptor_set
    }

    /// The subject prefix, if the `.proto` or the macro names one.
    #[must_use]
    pub const fn subject(&self) -> Option<&'static str> {
        self.subject
    }

    /// All methods, in the order of the `.proto`.
    pub fn methods(&'static self) -> impl ExactSizeIterator<Item = Method> {
        self.methods.iter().map(Method::from)
    }

    /// The method number `index`.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub const fn method(&'static self, index: usize) -> Method {
        Method(Repr::Static(&self.methods[index]))
    }

    /// Which method of this service `method` is, if any.
    #[must_use]
    pub fn index_of(&'static self, method: &Method) -> Option<usize> {
        if let Repr::Static(spec) = &method.0
            && self.methods.get(spec.index).is_some_and(|own| std::ptr::eq(own, *spec))
        {
            return Some(spec.index);
        }
        if method.service() != self.name {
            return None;
        }
        self.methods.iter().position(|own| own.name == method.name())
    }
}

/// A method to be called: known at build time, or by name only.
#[derive(Clone)]
pub struct Method(Repr);

#[derive(Clone)]
enum Repr {
    Static(&'static Spec),
    Dynamic(Arc<Dynamic>),
}

struct Dynamic {
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

/// The hash by which an opening frame names its method: FNV-1a, 32 bits, of `/service/method`.
#[must_use]
pub const fn method_hash(service: &str, name: &str) -> u32 {
    let hash = feed(FNV_START, b"/");
    let hash = feed(hash, service.as_bytes());
    let hash = feed(hash, b"/");
    feed(hash, name.as_bytes())
}

const FNV_START: u32 = 0x811c_9dc5;

const fn feed(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::{Kind, Method, ServiceSpec, Spec};

    static GREETER: ServiceSpec = ServiceSpec::new(
        "greeter.v1.Greeter",
        &[
            Spec::new("greeter.v1.Greeter", "SayHello", 0, Kind::Unary),
            Spec::new("greeter.v1.Greeter", "Leave", 1, Kind::Unary),
        ],
    );
    static OTHER: ServiceSpec =
        ServiceSpec::new("other.Other", &[Spec::new("other.Other", "SayHello", 0, Kind::Unary)]);

    #[test]
    fn a_method_is_found_by_identity_and_by_name() {
        assert_eq!(GREETER.index_of(&GREETER.method(1)), Some(1));
        let named = Method::dynamic("greeter.v1.Greeter", "Leave", Kind::Unary);
        assert_eq!(GREETER.index_of(&named), Some(1));
        assert_eq!(named.hash(), GREETER.method(1).hash());
        assert_eq!(GREETER.index_of(&OTHER.method(0)), None);
        assert_eq!(GREETER.index_of(&Method::dynamic("greeter.v1.Greeter", "Wave", Kind::Unary)), None);
    }

    #[test]
    fn it_displays_as_grpc_writes_it() {
        assert_eq!(GREETER.method(0).to_string(), "/greeter.v1.Greeter/SayHello");
    }
}
