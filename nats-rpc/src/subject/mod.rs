//! Names of NATS subjects: where a service listens.

mod name;
mod pattern;
mod prefix;

pub(crate) use self::name::Subject;
pub(crate) use self::pattern::matches;
pub(crate) use self::prefix::{check_prefix, default_prefix, of_method};
