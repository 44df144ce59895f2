use std::borrow::Cow;
use std::time::Duration;

use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage, ServiceDescriptor, Value};

/// Number of the extensions in `nats/rpc/v1/options.proto`.
pub(crate) const EXTENSION: i32 = 56470;

/// `option (nats.rpc.v1.service)`.
#[derive(Debug, Default)]
pub(crate) struct ServiceOptions {
    pub(crate) subject: Option<String>,
    pub(crate) queue_group: Option<String>,
}

/// `option (nats.rpc.v1.method)`.
#[derive(Debug, Default)]
pub(crate) struct MethodOptions {
    pub(crate) timeout: Option<Duration>,
}

impl ServiceOptions {
    pub(crate) fn of(service: &ServiceDescriptor) -> Self {
        let Some(options) = extension(&service.options(), "nats.rpc.v1.service") else {
            return Self::default();
        };
        Self { subject: string(&options, "subject"), queue_group: string(&options, "queue_group") }
    }
}

impl MethodOptions {
    pub(crate) fn of(method: &MethodDescriptor) -> Self {
        let Some(options) = extension(&method.options(), "nats.rpc.v1.method") else {
            return Self::default();
        };
        let timeout = field(&options, "timeout_ms").and_then(|value| value.as_u32());
        Self { timeout: timeout.map(|millis| Duration::from_millis(millis.into())) }
    }
}

fn extension(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = options.descriptor().parent_pool().get_extension_by_name(name)?;
    options
        .has_extension(&extension)
        .then(|| options.get_extension(&extension).as_message().cloned())
        .flatten()
}

fn field<'a>(message: &'a DynamicMessage, name: &str) -> Option<Cow<'a, Value>> {
    message.has_field_by_name(name).then(|| message.get_field_by_name(name)).flatten()
}

fn string(message: &DynamicMessage, name: &str) -> Option<String> {
    field(message, name).and_then(|value| value.as_str().map(str::to_owned))
}
