use nats_rpc_codegen::ir::{Breaker, Durable, Hedge, Policy, Retry};
use prost_reflect::DynamicMessage;

use super::read::{codes, flag, float, message, millis, number, string};

/// The policies that the options of services and methods have in common, by the same names.
pub(super) fn policy(options: &DynamicMessage) -> Policy {
    Policy {
        timeout: millis(options, "timeout_ms"),
        retry: message(options, "retry").map(|options| retry(&options)),
        hedge: message(options, "hedge").map(|options| hedge(&options)),
        breaker: message(options, "breaker").map(|options| breaker(&options)),
    }
}

fn retry(options: &DynamicMessage) -> Retry {
    Retry {
        off: flag(options, "off"),
        max_attempts: number(options, "max_attempts"),
        initial_backoff: millis(options, "initial_backoff_ms"),
        max_backoff: millis(options, "max_backoff_ms"),
        backoff_multiplier: float(options, "backoff_multiplier"),
        retryable_codes: codes(options, "retryable_codes"),
    }
}

fn hedge(options: &DynamicMessage) -> Hedge {
    Hedge {
        off: flag(options, "off"),
        max_attempts: number(options, "max_attempts"),
        delay: millis(options, "delay_ms"),
        non_fatal_codes: codes(options, "non_fatal_codes"),
    }
}

fn breaker(options: &DynamicMessage) -> Breaker {
    Breaker {
        off: flag(options, "off"),
        failure_ratio: float(options, "failure_ratio"),
        min_calls: number(options, "min_calls"),
        open: millis(options, "open_ms"),
        max_open: millis(options, "max_open_ms"),
    }
}

pub(super) fn durable(options: &DynamicMessage) -> Durable {
    Durable {
        stream: string(options, "stream"),
        max_deliveries: number(options, "max_deliveries"),
        dead_letter_subject: string(options, "dead_letter_subject"),
    }
}
