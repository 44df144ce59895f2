//! Calls with streams.

use e2e::{World, on_both};
use futures_util::{StreamExt, TryStreamExt, stream};
use nats_rpc::Metadata;

use super::proto::StreamingOutputCallResponse;
use super::{input, output, size_of, start};

/// Of the requests, and of the responses to them.
const REQUESTS: [i32; 4] = [27_182, 8, 1_828, 45_904];
const RESPONSES: [i32; 4] = [31_415, 9, 2_653, 58_979];

on_both! {
    client_streaming,
    server_streaming,
    ping_pong,
    half_duplex,
    empty_stream,
}

fn size(response: &StreamingOutputCallResponse) -> i32 {
    size_of(response.payload.as_ref()).try_into().unwrap()
}

async fn client_streaming(world: World) {
    let (client, _server) = start(&world).await;
    let response = client.streaming_input_call(stream::iter(REQUESTS.map(input))).await.unwrap();
    assert_eq!(response.get_ref().aggregated_payload_size, 74_922);
}

async fn server_streaming(world: World) {
    let (client, _server) = start(&world).await;
    let mut responses = client.streaming_output_call(output(&RESPONSES, 0)).await.unwrap().into_inner();
    let sizes: Vec<_> = responses.by_ref().map_ok(|response| size(&response)).try_collect().await.unwrap();
    assert_eq!(sizes, RESPONSES);
    assert_eq!(responses.trailers(), Some(&Metadata::new()));
}

/// A request only after the response to the one before.
async fn ping_pong(world: World) {
    let (client, _server) = start(&world).await;
    let (mut requests, mut responses) = client.full_duplex_call().await.unwrap().into_split();
    for (own, asked) in REQUESTS.into_iter().zip(RESPONSES) {
        requests.send(output(&[asked], own)).await.unwrap();
        assert_eq!(size(&responses.message().await.unwrap().unwrap()), asked);
    }
    requests.close();
    assert_eq!(responses.message().await.unwrap(), None);
    assert_eq!(responses.trailers(), Some(&Metadata::new()));
}

async fn half_duplex(world: World) {
    let (client, _server) = start(&world).await;
    let requests = REQUESTS.into_iter().zip(RESPONSES).map(|(own, asked)| output(&[asked], own));
    let requests: Vec<_> = requests.collect();
    let responses = client.half_duplex_call().send_all(stream::iter(requests)).await.unwrap();
    let sizes = responses.into_inner().map_ok(|response| size(&response));
    assert_eq!(sizes.try_collect::<Vec<_>>().await.unwrap(), RESPONSES);
}

async fn empty_stream(world: World) {
    let (client, _server) = start(&world).await;
    let (requests, mut responses) = client.full_duplex_call().await.unwrap().into_split();
    requests.close();
    assert_eq!(responses.message().await.unwrap(), None);
    assert_eq!(responses.trailers(), Some(&Metadata::new()));
}
