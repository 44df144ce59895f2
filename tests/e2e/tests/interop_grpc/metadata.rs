//! Metadata that the service sends back.

use e2e::{World, on_both};
use futures_util::stream;
use nats_rpc::Metadata;

use super::proto::SimpleRequest;
use super::{output, payload, start};

const INITIAL: (&str, &str) = ("x-grpc-test-echo-initial", "test_initial_metadata_value");
const TRAILING: (&str, [u8; 3]) = ("x-grpc-test-echo-trailing-bin", [0xab; 3]);

on_both! {
    custom_metadata_unary,
    custom_metadata_bidi,
}

/// Each in its place, and nothing else in it.
#[track_caller]
fn check(initial: &Metadata, trailing: &Metadata) {
    let mut expected = (Metadata::new(), Metadata::new());
    expected.0.append(INITIAL.0, INITIAL.1).unwrap();
    expected.1.append_bin(TRAILING.0, TRAILING.1.to_vec()).unwrap();
    assert_eq!((initial, trailing), (&expected.0, &expected.1));
}

async fn custom_metadata_unary(world: World) {
    let (client, _server) = start(&world).await;
    let request =
        SimpleRequest { response_size: 314_159, payload: payload(271_828), ..SimpleRequest::default() };
    let call = client.unary_call(request).metadata(INITIAL.0, INITIAL.1);
    let response = call.metadata_bin(TRAILING.0, TRAILING.1.to_vec()).await.unwrap();
    check(response.metadata(), response.trailers());
}

async fn custom_metadata_bidi(world: World) {
    let (client, _server) = start(&world).await;
    let call = client.full_duplex_call().metadata(INITIAL.0, INITIAL.1);
    let call = call.metadata_bin(TRAILING.0, TRAILING.1.to_vec());
    let (mut requests, mut responses) = call.await.unwrap().into_split();
    requests.send(output(&[314_159], 271_828)).await.unwrap();
    requests.close();
    let initial = responses.metadata().await.unwrap().clone();
    assert!(responses.message().await.unwrap().is_some());
    assert_eq!(responses.message().await.unwrap(), None);
    check(&initial, responses.trailers().unwrap());

    let call = client.full_duplex_call().metadata(INITIAL.0, INITIAL.1);
    let call = call.metadata_bin(TRAILING.0, TRAILING.1.to_vec());
    let response = call.send_all(stream::iter([output(&[1], 1)])).await.unwrap();
    let initial = response.metadata().clone();
    let mut responses = response.into_inner();
    assert!(responses.message().await.unwrap().is_some());
    assert_eq!(responses.message().await.unwrap(), None);
    check(&initial, responses.trailers().unwrap());
}
