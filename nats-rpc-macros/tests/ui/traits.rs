//! Traits that can't be services.

#![allow(unused_imports)]

use nats_rpc::service;

#[service]
trait Generic<T> {}

#[service]
trait Conditional
where
    Self: Clone,
{
}

#[service]
unsafe trait Unsafe {}

#[service]
#[rpc(name = "Greeter")]
trait Misplaced {}

#[service]
#[async_trait::async_trait]
#[must_use]
trait Adorned {}

#[service]
trait Items {
    type Message;
    const NUMBER: u32;
    some_macro!();
}

#[service]
struct NotATrait;

fn main() {}
