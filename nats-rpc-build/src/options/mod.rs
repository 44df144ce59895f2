//! The options in `nats/rpc/v1/options.proto`, as a file sets them.

mod help;
mod policy;
mod read;

use nats_rpc_codegen::ir::{Durable, Policy};
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage, ServiceDescriptor};

pub(crate) use self::help::help;
use self::read::{message, string};

/// Number of the extensions in `nats/rpc/v1/options.proto`.
pub(crate) const EXTENSION: i32 = 56470;

/// `option (nats.rpc.v1.service)`.
#[derive(Debug, Default)]
pub(crate) struct ServiceOptions {
    pub(crate) subject: Option<String>,
    pub(crate) queue_group: Option<String>,
    pub(crate) policy: Policy,
}

/// `option (nats.rpc.v1.method)`.
#[derive(Debug, Default)]
pub(crate) struct MethodOptions {
    pub(crate) policy: Policy,
    pub(crate) durable: Option<Durable>,
}

impl ServiceOptions {
    pub(crate) fn of(service: &ServiceDescriptor) -> Self {
        let Some(options) = extension(&service.options(), "nats.rpc.v1.service") else {
            return Self::default();
        };
        Self {
            subject: string(&options, "subject"),
            queue_group: string(&options, "queue_group"),
            policy: policy::policy(&options),
        }
    }
}

impl MethodOptions {
    pub(crate) fn of(method: &MethodDescriptor) -> Self {
        let Some(options) = extension(&method.options(), "nats.rpc.v1.method") else {
            return Self::default();
        };
        let durable = message(&options, "durable");
        Self { policy: policy::policy(&options), durable: durable.map(|durable| policy::durable(&durable)) }
    }
}

fn extension(options: &DynamicMessage, name: &str) -> Option<DynamicMessage> {
    let extension = options.descriptor().parent_pool().get_extension_by_name(name)?;
    options
        .has_extension(&extension)
        .then(|| options.get_extension(&extension).as_message().cloned())
        .flatten()
}
