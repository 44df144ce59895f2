//! Compressed messages.
//!
//! A side compresses every message that gets shorter by it, from 1 KiB on: gRPC's cases ask for it message by message
//! and let the service tell what it got. So size and channel make the difference here, and an observer tells.

use bytes::{Bytes, BytesMut};
use e2e::{Observer, World, frames, on_both};
use futures_util::{TryStreamExt, stream};
use nats_rpc::spec::method_hash;
use nats_rpc::wire::{Data, Encoding, FrameView, Kind, Open, Terminal};
use nats_rpc::{Compression, Server};
use prost::Message;

use super::proto::{SimpleRequest, TestServiceClient, TestServiceServer};
use super::{Interop, input, large, output, payload, size_of, start};

const PLAIN: u32 = 0;
const GZIP: u32 = Encoding::Gzip as u32;

on_both! {
    client_compressed_unary,
    server_compressed_unary,
    client_compressed_streaming,
    server_compressed_streaming,
    a_client_that_reads_no_encoding_gets_none,
}

/// Messages of one frame: whether it is the last of a call, their encoding, and their length as they were sent.
type Sent = (Kind, u32, usize);

async fn sent(observer: &mut Observer) -> Vec<Sent> {
    observer.payloads().await.iter().flat_map(frames).filter_map(|payload| frame(&payload)).collect()
}

fn frame(payload: &[u8]) -> Option<Sent> {
    let frame = FrameView::split(payload).ok().filter(|frame| !frame.body.is_empty())?;
    let kind = Kind::from_byte(frame.kind)?;
    let encoding = match kind {
        Kind::Open => Open::decode(frame.header).unwrap().encoding,
        Kind::Data => Data::decode(frame.header).unwrap().encoding,
        Kind::Terminal => Terminal::decode(frame.header).unwrap().encoding,
        _ => return None,
    };
    Some((kind, encoding, frame.body.len()))
}

/// Which messages went how, in order.
fn encodings(sent: &[Sent]) -> Vec<(Kind, u32)> {
    sent.iter().map(|&(kind, encoding, _)| (kind, encoding)).collect()
}

async fn serve_compressing(world: &World) -> nats_rpc::server::Handle {
    let server = Server::builder().add_service(TestServiceServer::new(Interop::default()));
    server.compression(Compression::GZIP).start(world.connect().await).await.unwrap()
}

async fn compressing(world: &World) -> TestServiceClient {
    TestServiceClient::new(world.channel().await.with_compression(Compression::GZIP))
}

async fn call(client: &TestServiceClient, request: SimpleRequest) {
    let size = usize::try_from(request.response_size).unwrap();
    let response = client.unary_call(request).await.unwrap();
    assert_eq!(size_of(response.get_ref().payload.as_ref()), size);
}

async fn client_compressed_unary(world: World) {
    let (plain, _server) = start(&world).await;
    let client = compressing(&world).await;
    call(&client, large()).await;

    let mut observer = world.observer().await;
    call(&client, large()).await;
    let compressed = sent(&mut observer).await;
    // The service has not been told to compress, and each direction chooses for itself.
    assert_eq!(encodings(&compressed), [(Kind::Open, GZIP), (Kind::Terminal, PLAIN)]);
    assert!(compressed[0].2 < 10_000 && compressed[1].2 > 314_159, "{compressed:?}");

    call(&plain, large()).await;
    let uncompressed = sent(&mut observer).await;
    assert_eq!(encodings(&uncompressed), [(Kind::Open, PLAIN), (Kind::Terminal, PLAIN)]);
    assert!(uncompressed[0].2 > 271_828, "{uncompressed:?}");

    // Too short to be worth it.
    call(&client, SimpleRequest { response_size: 1, payload: payload(1_000), ..SimpleRequest::default() })
        .await;
    assert_eq!(encodings(&sent(&mut observer).await)[0], (Kind::Open, PLAIN));
}

async fn server_compressed_unary(world: World) {
    let _server = serve_compressing(&world).await;
    let client = TestServiceClient::new(world.channel().await);
    call(&client, large()).await;

    let mut observer = world.observer().await;
    call(&client, large()).await;
    let compressed = sent(&mut observer).await;
    assert_eq!(encodings(&compressed), [(Kind::Open, PLAIN), (Kind::Terminal, GZIP)]);
    assert!(compressed[1].2 < 10_000, "{compressed:?}");

    call(&client, SimpleRequest { response_size: 1_000, ..large() }).await;
    assert_eq!(encodings(&sent(&mut observer).await)[1], (Kind::Terminal, PLAIN));
}

async fn client_compressed_streaming(world: World) {
    let (plain, _server) = start(&world).await;
    let client = compressing(&world).await;
    let upload = async |client: &TestServiceClient, sizes: &[i32]| {
        let requests: Vec<_> = sizes.iter().copied().map(input).collect();
        let response = client.streaming_input_call(stream::iter(requests)).await.unwrap();
        response.into_inner().aggregated_payload_size
    };
    // What a service can read is known once it has accepted a stream, so the first messages may go as they are.
    assert_eq!(upload(&client, &[27_182, 45_904]).await, 73_086);

    let mut observer = world.observer().await;
    assert_eq!(upload(&client, &[27_182, 8, 45_904]).await, 73_094);
    let compressed = sent(&mut observer).await;
    let requests: Vec<_> = compressed.iter().filter(|(kind, ..)| *kind != Kind::Terminal).collect();
    assert!(requests.iter().any(|(_, encoding, _)| *encoding == GZIP), "{compressed:?}");
    assert!(requests.iter().any(|(_, encoding, len)| *encoding == PLAIN && *len < 20), "{compressed:?}");
    assert!(requests.iter().map(|(.., len)| len).sum::<usize>() < 10_000, "{compressed:?}");

    assert_eq!(upload(&plain, &[27_182, 45_904]).await, 73_086);
    let uncompressed = sent(&mut observer).await;
    assert!(uncompressed.iter().all(|(_, encoding, _)| *encoding == PLAIN), "{uncompressed:?}");
}

async fn server_compressed_streaming(world: World) {
    let _server = serve_compressing(&world).await;
    let client = TestServiceClient::new(world.channel().await);
    let mut observer = world.observer().await;
    let sizes = [31_415, 9, 92_653];
    let responses = client.streaming_output_call(output(&sizes, 0)).await.unwrap().into_inner();
    let received: Vec<_> =
        responses.map_ok(|response| size_of(response.payload.as_ref())).try_collect().await.unwrap();
    assert_eq!(received, [31_415, 9, 92_653]);
    let compressed = sent(&mut observer).await;
    let responses: Vec<_> = compressed.iter().filter(|(kind, ..)| *kind == Kind::Data).collect();
    assert_eq!(
        responses.iter().map(|sent| sent.1).collect::<Vec<_>>(),
        [GZIP, PLAIN, GZIP],
        "{compressed:?}"
    );
    assert!(responses.iter().map(|(.., len)| len).sum::<usize>() < 10_000, "{compressed:?}");
}

/// Whatever the service would like.
async fn a_client_that_reads_no_encoding_gets_none(world: World) {
    let _server = serve_compressing(&world).await;
    let mut observer = world.observer().await;
    let method = method_hash("grpc.testing.TestService", "UnaryCall");
    for (readable, encoding) in [(0, PLAIN), (Encoding::Zstd.bit(), PLAIN), (Encoding::Gzip.bit(), GZIP)] {
        let open = Open { method, accept_encodings: readable, ..Open::default() };
        let body = SimpleRequest { response_size: 31_415, ..SimpleRequest::default() }.encode_to_vec();
        let mut frame = BytesMut::new();
        open.encode(std::iter::empty(), &body, &mut frame).unwrap();
        observer.publish("svc.grpc.testing.TestService.UnaryCall", "answers", frame).await;
        let answer = answer(&mut observer).await;
        let frame = FrameView::split(&answer).unwrap();
        assert_eq!(Kind::from_byte(frame.kind), Some(Kind::Terminal));
        assert_eq!(Terminal::decode(frame.header).unwrap().encoding, encoding, "{readable:#b}");
    }
}

async fn answer(observer: &mut Observer) -> Bytes {
    loop {
        let (subject, payload) = observer.next().await;
        if subject == "answers" {
            return payload;
        }
    }
}
