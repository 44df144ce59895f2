//! Facts about services and methods that are fixed when code is generated.
//!
//! A [`Spec`] holds what the `.proto`, or the macro, says of a method, and a [`Method`] gives it. [`RetrySpec`],
//! [`HedgeSpec`] and [`BreakerSpec`] are policies, which the [layers](crate::layer) of clients act on unless their
//! [`Policies`](crate::layer::Policies) say otherwise. [`DurableSpec`] **has no effect in this release**.

mod breaker;
mod durable;
mod hash;
mod hedge;
mod kind;
mod method;
mod of_method;
mod of_service;
mod retry;

pub use self::breaker::BreakerSpec;
pub use self::durable::DurableSpec;
pub use self::hash::method_hash;
pub use self::hedge::HedgeSpec;
pub use self::kind::{Idempotency, Kind};
pub use self::method::Method;
pub use self::of_method::Spec;
pub use self::of_service::ServiceSpec;
pub use self::retry::RetrySpec;

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
