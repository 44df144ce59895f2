//! What can't be generated, found before anything is.

mod names;
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
    /// The subject that its options set.
    Subject,
    /// The queue group that its options set.
    QueueGroup,
    /// The method of that number.
    Method(usize),
    /// The timeout of the method of that number.
    Timeout(usize),
}

/// Checks names, subjects, queue group and timeouts of one service.
#[must_use]
pub fn service(service: &Service) -> Vec<Problem> {
    let mut problems = names::on_the_wire(service);
    problems.extend(names::in_rust(service));
    problems.extend(subject::check(service));
    problems.extend(timeouts(service));
    problems
}

fn timeouts(service: &Service) -> impl Iterator<Item = Problem> {
    let zero = |timeout: Option<std::time::Duration>| timeout.is_some_and(|timeout| timeout.is_zero());
    service.methods.iter().enumerate().filter(move |(_, method)| zero(method.timeout)).map(
        |(index, method)| Problem {
            place: Place::Timeout(index),
            other: None,
            message: format!("the timeout of `{}` is zero, so no call could ever succeed", method.proto_name),
            help: "give at least 1 millisecond, or leave the option out".to_owned(),
        },
    )
}
