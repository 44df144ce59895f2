//! Calls that are made again after their replies were lost: executed once, whichever instance they reach.

mod bucket;
mod dying;
mod lossy;
mod lost_replies;
mod service;
