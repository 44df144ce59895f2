//! Calls are made again where that may be and helps, tried on a service that does what a test says.

mod a6;
mod bounds;
mod calls;
mod cost;
mod over_memory;
mod readiness;
mod script;
mod streams;
