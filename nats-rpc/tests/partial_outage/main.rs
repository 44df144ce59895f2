//! What a partial outage does to callers, with the usual defences and with ours: the real layers, on the broker within
//! the process, with time that passes at once.
//!
//! `cargo test -p nats-rpc --test partial_outage -- --nocapture --test-threads 1` prints the table.
#![cfg(feature = "macros")]

mod instance;
mod load;
mod scenario;

use std::time::Duration;

use nats_rpc::layer::{Overrides, Policies};
use nats_rpc::server::Ejection;
use nats_rpc::spec::{BreakerSpec, RetrySpec};
use nats_rpc::{Channel, Connection};

use crate::instance::Fault;
use crate::load::Calls;
use crate::scenario::{Defence, Result, Scenario};

const ONE_OF_THREE_FAILS: Scenario = Scenario {
    name: "1 of 3 fails fast",
    instances: 3,
    bad: 1,
    fault: Fault::Fails,
    calls: Calls::Idempotent,
};
const UNDECLARED: Scenario =
    Scenario { name: "1 of 3 fails fast, undeclared method", calls: Calls::Undeclared, ..ONE_OF_THREE_FAILS };
const ONE_OF_TWO_FAILS: Scenario = Scenario { name: "1 of 2 fails fast", instances: 2, ..ONE_OF_THREE_FAILS };
const ONE_OF_THREE_HANGS: Scenario =
    Scenario { name: "1 of 3 hangs", fault: Fault::Hangs, ..ONE_OF_THREE_FAILS };
const ALL_FAIL: Scenario = Scenario { name: "all fail", bad: 3, ..ONE_OF_THREE_FAILS };

const NOTHING: Defence = Defence { name: "nothing", channel: Channel::bare, ejection: Ejection::off };
/// What a breaker is mostly set to.
const USUAL_BREAKER: Defence =
    Defence { name: "breaker at 20 %", channel: with_usual_breaker, ejection: Ejection::off };
const EJECTION: Defence = Defence { name: "self-ejection", channel: Channel::bare, ejection: Ejection::new };
const DEFAULT: Defence = Defence { name: "default stack", channel: Channel::new, ejection: Ejection::new };

fn with_usual_breaker(connection: Connection) -> Channel {
    let usual = BreakerSpec::new().with_failure_ratio(0.2);
    let overrides = Overrides::new().with_retry(RetrySpec::off()).with_breaker(usual);
    Channel::new(connection).with_policies(Policies::builder().for_all(overrides).build().unwrap())
}

/// Runs it, and prints a row of the table.
fn row(scenario: Scenario, defence: &Defence) -> Result {
    let result = scenario.run(defence, 7);
    let recovery = result.recovery.map_or("never".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
    println!(
        "| {} | {} | {:.1} % | {:.2} | {recovery} |",
        scenario.name,
        defence.name,
        result.success * 100.0,
        result.load
    );
    result
}

#[test]
fn one_instance_of_three_that_fails_is_hardly_noticed() {
    assert!(row(ONE_OF_THREE_FAILS, &DEFAULT).success >= 0.99);
    assert!(row(ONE_OF_TWO_FAILS, &DEFAULT).success >= 0.99);
    assert!(row(UNDECLARED, &DEFAULT).success >= 0.95);
}

#[test]
fn one_instance_of_three_that_hangs_is_left_out() {
    assert!(row(ONE_OF_THREE_HANGS, &DEFAULT).success >= 0.95);
}

#[test]
fn a_service_that_fails_is_spared_and_taken_back_soon() {
    let result = row(ALL_FAIL, &DEFAULT);
    assert!(result.load <= 0.5, "{}", result.load);
    assert!(result.recovery.is_some_and(|time| time <= Duration::from_secs(5)), "{:?}", result.recovery);
}

#[test]
fn what_the_defences_are_measured_against() {
    let nothing = row(ONE_OF_THREE_FAILS, &NOTHING);
    assert!((0.6..0.75).contains(&nothing.success));
    let usual = row(ONE_OF_THREE_FAILS, &USUAL_BREAKER);
    assert!(usual.success < nothing.success, "the usual breaker makes it worse");
    assert!(row(ONE_OF_THREE_FAILS, &EJECTION).success > 0.95);
    row(ONE_OF_THREE_HANGS, &NOTHING);
    assert!(row(ALL_FAIL, &NOTHING).load >= 0.99);
}
