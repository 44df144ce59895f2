//! Services in trouble, as their callers see it with what a channel does by default.

mod bad_instance;
mod outcomes;
mod restart;
mod slow_consumer;
