//! Calls that succeed: what goes there, and what comes back.

use e2e::{World, on_both};

use super::case::{Definition, Pairs};
use super::{Case, Shape, run};

const HEADERS: Pairs = &[("x-custom-header", &["foo"])];
const TRAILERS: Pairs = &[("x-custom-trailer", &["bing"])];
const SENT: Pairs = &[("x-conformance-test", &["Value1", "Value2"])];
const BINARY: Pairs = &[("x-conformance-test-bin", &["AP8KDQ==", ""])];

on_both! {
    everything_that_was_asked_for_comes_back,
    more_responses_than_requests,
    more_requests_than_responses,
}

fn answer(data: &[&[u8]]) -> Definition {
    let data = data.iter().map(|data| data.to_vec()).collect();
    Definition { headers: HEADERS, data, trailers: TRAILERS, ..Definition::default() }
}

async fn everything_that_was_asked_for_comes_back(world: World) {
    let cases = Shape::ALL.into_iter().flat_map(|shape| {
        let case = |name| Case::new(name, shape).headers(SENT).requests([b"", b"test request"]);
        [
            case("success").define(answer(&[b"test response", b"another response"])),
            case("no definition"),
            case("an empty definition").define(Definition::default()),
            case("metadata, and no response").define(answer(&[])),
            case("an empty response").define(answer(&[b"", b""])),
            case("binary metadata").headers(BINARY).define(Definition {
                headers: &[("x-custom-header-bin", &["AAEC", "/w=="])],
                trailers: &[("x-custom-trailer-bin", &["", "AAEC"])],
                ..answer(&[b"test response"])
            }),
        ]
    });
    run(&world, cases).await;
}

async fn more_responses_than_requests(world: World) {
    let cases = Shape::RESPONSES.into_iter().map(|shape| {
        Case::new("four responses", shape).requests([b"", b"2"]).define(answer(&[b"1", b"2", b"3", b"4"]))
    });
    run(&world, cases).await;
}

/// Full duplex, the service has ended the call before it has read all of them.
async fn more_requests_than_responses(world: World) {
    let cases = Shape::REQUESTS.into_iter().map(|shape| {
        Case::new("four requests", shape).requests([b"", b"2", b"3", b"4"]).define(answer(&[b"1", b"2"]))
    });
    run(&world, cases).await;
}
