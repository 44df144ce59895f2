//! What can't be generated, found before anything is.

mod names;
mod policy;
mod subject;

use crate::ir::Service;

/// A reason why no code can be generated, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What it is about.
    pub place: Place,
    /// What else is involved, such as the first of two names that clash.
    pub other: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Part of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Its name.
    Name,
    /// The package it is in.
    Package,
    /// The method of that number.
    Method(usize),
    /// What options set, by the names in `nats/rpc/v1/options.proto`: `subject`, `retry.max_attempts`.
    Option(Owner, &'static str),
}

/// Who has options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The service.
    Service,
    /// The method of that number.
    Method(usize),
}

/// Checks the names, the subjects and the options of one service.
#[must_use]
pub fn service(service: &Service) -> Vec<Problem> {
    let mut problems = names::on_the_wire(service);
    problems.extend(names::in_rust(service));
    problems.extend(subject::check(service));
    problems.extend(policy::check(service));
    problems
}
