//! Options that say how calls are made.

mod breaker;
mod durable;
mod hedge;
mod retry;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::time::Duration;

use super::{Owner, Place, Problem};
use crate::ir::{Code, Idempotency, Method, Policy, Service};

/// What to do about a method whose calls may not run twice, as far as anybody said.
const IDEMPOTENCY: &str = "declare that it may run twice: `option idempotency_level = IDEMPOTENT;` in a `.proto`, \
                           `idempotency = \"idempotent\"` in `#[rpc(..)]`";

/// Checks the policies of the service and of its methods.
pub(super) fn check(service: &Service) -> Vec<Problem> {
    let mut problems = Vec::new();
    let name = service.proto_name.rsplit('.').next().unwrap_or_default();
    let mut found = Found { owner: Owner::Service, name, problems: &mut problems };
    values(&service.policy, &mut found);
    for (index, method) in service.methods.iter().enumerate() {
        let mut found =
            Found { owner: Owner::Method(index), name: &method.proto_name, problems: &mut problems };
        values(&method.policy, &mut found);
        retry::of_method(method, &mut found);
        hedge::of_method(method, service.policy_of(method).timeout, &mut found);
        durable::check(method, &mut found);
    }
    problems
}

/// What can be said of a policy without knowing whose it is.
fn values(policy: &Policy, found: &mut Found<'_>) {
    if policy.timeout.is_some_and(|timeout| timeout.is_zero()) {
        let message = format!("the timeout of `{}` is zero, so no call could ever succeed", found.name);
        found.add("timeout_ms", message, "give at least 1 millisecond, or leave the option out");
    }
    policy.retry.iter().for_each(|retry| retry::values(retry, found));
    policy.hedge.iter().for_each(|hedge| hedge::values(hedge, found));
    policy.breaker.iter().for_each(|breaker| breaker::values(breaker, found));
    if policy.retry.as_ref().is_some_and(|retry| !retry.off)
        && policy.hedge.as_ref().is_some_and(|hedge| !hedge.off)
    {
        let message = format!("`{}` has both `retry` and `hedge`", found.name);
        found.add(
            "hedge",
            message,
            "a call is either made again or sent several times: leave one of them out",
        );
        found.beside("retry");
    }
}

/// What was found about the options of a service or a method.
struct Found<'a> {
    owner: Owner,
    name: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Found<'_> {
    fn add(&mut self, option: &'static str, message: String, help: &str) {
        let place = Place::Option(self.owner, option);
        self.problems.push(Problem { place, other: None, message, help: help.to_owned() });
    }

    /// Says of the last problem what else is involved.
    fn beside(&mut self, option: &'static str) {
        if let Some(problem) = self.problems.last_mut() {
            problem.other = Some(Place::Option(self.owner, option));
        }
    }

    /// A value that is not allowed.
    fn value(&mut self, option: &'static str, value: impl Display, help: &str) {
        self.add(option, format!("`{option}` of `{}` is {value}", self.name), help);
    }

    /// The time is zero.
    fn not_zero(&mut self, option: &'static str, time: Option<Duration>) {
        if time.is_some_and(|time| time.is_zero()) {
            self.value(option, 0, "give at least 1 millisecond, or leave the option out");
        }
    }

    /// The later one of two times is the shorter one; either may be a default.
    fn not_shorter(&mut self, [first, later]: [(&'static str, Option<Duration>, Duration); 2]) {
        let (shortest, time) = (first.1.unwrap_or(first.2), later.1.unwrap_or(later.2));
        if time >= shortest || time.is_zero() {
            return;
        }
        let default = |time: Option<Duration>| if time.is_some() { "" } else { " by default" };
        let message = format!(
            "`{}` of `{}` is {}{}, and `{}` is {}{}",
            later.0,
            self.name,
            time.as_millis(),
            default(later.1),
            first.0,
            shortest.as_millis(),
            default(first.1),
        );
        let both = if later.1.and(first.1).is_some() { "" } else { ": name both" };
        let option = if later.1.is_some() { later.0 } else { first.0 };
        self.add(option, message, &format!("`{}` is at least `{}`{both}", later.0, first.0));
    }

    fn attempts(&mut self, option: &'static str, attempts: Option<u32>) {
        if let Some(attempts) = attempts.filter(|attempts| !(2..=5).contains(attempts)) {
            self.value(option, attempts, "a call has 2 to 5 attempts, the first one included");
        }
    }

    fn codes(&mut self, option: &'static str, codes: &[Code]) {
        if codes.contains(&Code::OK) {
            let message = format!("`{option}` of `{}` has OK, with which a call is over", self.name);
            self.add(option, message, "name codes of failures, such as UNAVAILABLE");
        }
        for code in codes.iter().filter(|code| code.name().is_none()) {
            let message = format!("`{option}` of `{}` has {}, which is no code", self.name, code.0);
            self.add(option, message, "name codes of failures, such as UNAVAILABLE");
        }
    }

    /// There is more beside `off`.
    fn only(&mut self, option: &'static str, off: bool, more: bool) {
        if off && more {
            let message = format!("`{option}` of `{}` stands beside other settings", self.name);
            self.add(option, message, "leave the others out, or take `off` away");
        }
    }
}

fn is_declared(method: &Method) -> bool {
    method.idempotency != Idempotency::Unknown
}
