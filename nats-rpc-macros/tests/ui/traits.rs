//! Traits that can't be services.

use nats_rpc::service;

#[service]
trait Generic<T> {}

#[service]
trait Super: Clone {}

#[service]
#[rpc(name = "Greeter")]
trait Misplaced {}

#[service]
struct NotATrait;

fn main() {}
