//! What [`Seats`](super::seats::Seats) is built from. A test builds it from others, that try every order of steps.

pub(super) use std::sync::atomic::{AtomicU32, AtomicU64};
pub(super) use std::sync::{Mutex, MutexGuard};
