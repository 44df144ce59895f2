//! Calls whose time is over before the service answers.

use std::time::Duration;

use e2e::{World, nothing_runs, on_both};
use nats_rpc::Code;

use super::case::Definition;
use super::proto::{ConformanceServiceClient, ConformanceServiceServer};
use super::{Case, Conformance, Shape, call};

const HOUR_MS: u32 = 3_600_000;

on_both! {
    the_caller_is_told_and_the_handler_is_stopped,
    a_stream_ends_in_its_midst,
}

async fn the_caller_is_told_and_the_handler_is_stopped(world: World) {
    let service = Conformance::default();
    let server = world.serve(ConformanceServiceServer::new(service.clone())).await;
    let client = ConformanceServiceClient::new(world.channel().await);
    let data = vec![b"test response".to_vec(); 2];
    let definition = Definition { data, delay_ms: HOUR_MS, ..Definition::default() };
    for shape in Shape::ALL {
        let case = Case::new("a response that comes too late", shape).requests([b"", b"test request"]);
        let case = case.timeout(Duration::from_millis(200)).define(definition.clone());
        let outcome = call(&client, &case).await;
        assert_eq!(outcome.code(), Code::DeadlineExceeded, "{case}: {outcome:?}");
        assert_eq!(outcome.payloads, [], "{case}");
        // Both sides have a clock.
        nothing_runs(&server).await;
        service.over.reach(service.started.get()).await;
    }
}

/// What has come until then is not lost.
async fn a_stream_ends_in_its_midst(world: World) {
    let service = Conformance::default();
    let server = world.serve(ConformanceServiceServer::new(service.clone())).await;
    let client = ConformanceServiceClient::new(world.channel().await);
    let data = vec![b"test response".to_vec(); 2];
    let case = Case::new("a request that never comes", Shape::FullDuplex);
    let request = case.define(Definition { data, ..Definition::default() }).bidi_stream().remove(0);
    // A machine that is busy may need more time for the first response.
    for millis in [300, 3_000, 30_000] {
        let call = client.bidi_stream().timeout(Duration::from_millis(millis)).await.unwrap();
        let (mut requests, mut responses) = call.into_split();
        let _ = requests.send(request.clone()).await;
        let first = responses.message().await;
        let in_time = first.is_ok();
        let status = if in_time { responses.message().await.unwrap_err() } else { first.unwrap_err() };
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        assert_eq!(responses.message().await.unwrap(), None);
        nothing_runs(&server).await;
        service.over.reach(service.started.get()).await;
        if in_time {
            return;
        }
    }
    panic!("no response in any time");
}
