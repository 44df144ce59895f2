use super::method::Repr;
use super::{Method, Spec};

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
