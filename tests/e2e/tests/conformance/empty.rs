//! Messages without a single byte, and streams without a single message.

use e2e::{World, on_both};

use super::case::{Definition, Pairs};
use super::{Case, Shape, call, run, start};

const SENT: Pairs = &[("x-conformance-test", &["Value1", "Value2"])];

on_both! {
    an_empty_request_is_a_request,
    several_empty_requests_are_several,
    a_stream_may_have_no_request,
    empty_responses_are_counted,
}

async fn an_empty_request_is_a_request(world: World) {
    run(&world, Shape::ALL.map(|shape| Case::new("an empty request", shape).headers(SENT))).await;
}

async fn several_empty_requests_are_several(world: World) {
    let (client, _server) = start(&world).await;
    // Nothing but its first message is said in full duplex.
    for shape in [Shape::ClientStream, Shape::HalfDuplex] {
        let case = Case::new("five empty requests", shape).requests([b""; 5]);
        let outcome = call(&client, &case).await;
        assert_eq!(outcome, case.expected(), "{case}");
        if shape == Shape::ClientStream {
            let seen = outcome.payloads[0].request_info.as_ref().unwrap();
            assert_eq!(seen.requests.iter().map(|any| any.value.len()).collect::<Vec<_>>(), [0; 5]);
        }
    }
}

async fn a_stream_may_have_no_request(world: World) {
    let cases = Shape::REQUESTS.map(|shape| Case::new("no request", shape).headers(SENT).requests([]));
    run(&world, cases).await;
}

async fn empty_responses_are_counted(world: World) {
    let data = vec![Vec::new(); 5];
    let definition = Definition { data, ..Definition::default() };
    let cases = Shape::RESPONSES.map(|shape| Case::new("empty responses", shape).define(definition.clone()));
    run(&world, cases).await;
}
