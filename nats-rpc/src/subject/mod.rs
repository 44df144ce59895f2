//! Names of NATS subjects: where a service listens.

mod instance;
mod name;
mod pattern;
mod prefix;

pub(crate) use self::instance::{
    Port, all_methods_of_all, all_of_instance, group, method_at_all, method_at_instance, method_of_all,
    method_of_instance, of_instance, port_of, prefix_of, up,
};
pub(crate) use self::name::Subject;
pub(crate) use self::pattern::matches;
pub(crate) use self::prefix::{check_prefix, default_prefix, of_method};
