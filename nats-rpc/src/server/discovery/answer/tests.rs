use std::time::Duration;

use serde_json::{Value, json};

use super::encode;
use crate::server::discovery::service::Service;
use crate::server::discovery::testing::{idle, place};
use crate::server::discovery::verb::Verb;
use crate::status::Status;

const NOW_MS: u64 = 1_700_000_000_123;

fn service() -> Service {
    let mount = idle().queue_group("blue").version("1.2.3-rc.1").unwrap().description("does nothing");
    Service::new(&mount, place(&mount), NOW_MS).unwrap()
}

fn answer(service: &Service, verb: Verb, limit: usize) -> Value {
    let answer = encode(service, verb, limit).unwrap();
    assert!(answer.len() <= limit, "{}", answer.len());
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn info_says_it_all() {
    let service = service();
    let endpoint = |name: &str, kind: &str| {
        json!({
            "name": name, "subject": format!("svc.test.v1.Idle.{name}"), "queue_group": "blue",
            "metadata": { "rpc.method": format!("/test.v1.Idle/{name}"), "rpc.kind": kind },
        })
    };
    let expected = json!({
        "type": "io.nats.micro.v1.info_response", "name": "test_v1_Idle", "id": service.id.as_str(),
        "version": "1.2.3-rc.1", "description": "does nothing",
        "metadata": {
            "nats-rpc.version": env!("CARGO_PKG_VERSION"), "nats-rpc.subject": "svc.test.v1.Idle",
        },
        "endpoints": [
            endpoint("A", "unary"), endpoint("B", "server_stream"),
            endpoint("C", "client_stream"), endpoint("D", "bidi_stream"),
        ],
    });
    assert_eq!(answer(&service, Verb::Info, usize::MAX), expected);
}

#[test]
fn stats_are_counts_since_the_start() {
    let service = service();
    let counted = service.endpoints()[1].stats();
    counted.record(None, Duration::from_nanos(10));
    counted.record(Some(&Status::not_found("x")), Duration::from_nanos(21));
    let stats = answer(&service, Verb::Stats, usize::MAX);
    assert_eq!(stats["started"], "2023-11-14T22:13:20.123Z");
    let expected = json!({
        "name": "B", "subject": "svc.test.v1.Idle.B", "queue_group": "blue", "num_requests": 2, "num_errors": 1,
        "last_error": "NOT_FOUND: x", "processing_time": 31, "average_processing_time": 15,
    });
    assert_eq!(stats["endpoints"][1], expected);
    assert_eq!(
        (&stats["endpoints"][0]["num_requests"], &stats["endpoints"][0]["average_processing_time"]),
        (&json!(0), &json!(0))
    );
}

#[test]
fn an_absurd_clock_is_no_reason_to_panic() {
    let service = Service::new(&idle(), place(&idle()), u64::MAX).unwrap();
    assert_eq!(service.started, "9999-12-31T23:59:59.999Z");
}

#[test]
fn what_does_not_fit_says_less() {
    let service = service();
    service.endpoints()[0].stats().record(Some(&Status::internal("x".repeat(500))), Duration::ZERO);
    for (verb, without_prose, one_endpoint) in [(Verb::Info, 650, 350), (Verb::Stats, 1250, 550)] {
        let full = answer(&service, verb, usize::MAX);
        let less = answer(&service, verb, without_prose);
        assert_eq!(less["endpoints"].as_array().unwrap().len(), 4, "{verb:?}");
        assert_eq!(less["endpoints"][3]["subject"], full["endpoints"][3]["subject"]);
        assert_eq!(
            answer(&service, verb, one_endpoint)["endpoints"].as_array().unwrap().len(),
            1,
            "{verb:?}"
        );
    }
}
