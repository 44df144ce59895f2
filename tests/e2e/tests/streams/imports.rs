//! Streams from one account to another.

use std::time::{Duration, Instant};

use e2e::{Account, Feeder, Flow, FlowKind, Pace, Piece, ResponseType, World, forgetful_accounts, until};
use nats_rpc::{Code, Origin};
use nats_server::Server;

use super::scene::{Calling, Serving};

/// After which an import forgets a way that is not used.
const THRESHOLD_MS: u64 = 2000;

async fn a_world(response_type: ResponseType) -> (World, Serving, Calling) {
    let config = forgetful_accounts(response_type, THRESHOLD_MS);
    let world = World::of(Server::builder().config(config).monitoring(true));
    let options = Account::Server.options(world.url());
    let options = match response_type {
        ResponseType::Singleton => options,
        ResponseType::Stream => options.stream_imports(),
    };
    let (feeder, connection) = (Feeder::new(), options.connect().await.unwrap());
    let server = options.server(feeder.feed()).unwrap();
    let server = server.import_threshold(Duration::from_millis(THRESHOLD_MS));
    let handle = server.start(connection.clone()).await.unwrap();
    let calling = Calling::to(&Account::Client.options(world.url())).await;
    (world, Serving { feeder, handle, connection }, calling)
}

/// How many reply subjects the nats-server keeps for the imports.
fn mappings(world: &World) -> usize {
    let account = world.server().monitor("/accountz?acc=SERVING").unwrap();
    let account: serde_json::Value = serde_json::from_str(&account).unwrap();
    account["account_detail"]["responses"].as_object().map_or(0, serde_json::Map::len)
}

/// At once: nobody waits until the import forgets them.
async fn no_mapping_is_left(world: &World) {
    let begin = Instant::now();
    until("no mapping is left", || mappings(world) == 0).await;
    println!("mappings after streams through an import: 0, {:?} after them", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_all_kinds_and_large_messages_pass() {
    let (world, serving, calling) = a_world(ResponseType::Stream).await;
    for pace in [Pace::of(100, 1000), Pace::of(3, 2_000_000), Pace::of(300, 30_000)] {
        let flows = FlowKind::ALL.map(|kind| Flow::open(&calling.client, kind, pace));
        for mut flow in flows {
            flow.end().await.unwrap();
        }
        let piece = Piece::new(7, pace.length);
        let given = calling.client.echo(piece.clone()).timeout(e2e::LONG).await.unwrap();
        assert!(given.into_inner() == piece);
    }
    assert_eq!(serving.feeder.ended.get(), 9);
    calling.nothing_is_left().await;
    serving.nothing_is_left().await;
    no_mapping_is_left(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_stream_outlives_the_threshold_of_its_import() {
    let (world, serving, calling) = a_world(ResponseType::Stream).await;
    // In 5 s the import would have forgotten them.
    let pace = Pace { pause: Duration::from_millis(5 * THRESHOLD_MS / 2), ..Pace::of(1, 1000) };
    let begin = Instant::now();
    let flows = FlowKind::ALL.map(|kind| Flow::open(&calling.client, kind, pace));
    serving.feeder.started.reach(3).await;
    let kept = mappings(&world);
    assert!((3..=4).contains(&kept), "{kept}: those of three streams, and that of a question after them");
    for mut flow in flows {
        flow.end().await.unwrap();
    }
    println!("streams without a message for 5 s have ended well after {:?}", begin.elapsed());
    calling.nothing_is_left().await;
    serving.nothing_is_left().await;
    no_mapping_is_left(&world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_given_up_are_stopped() {
    let (world, serving, calling) = a_world(ResponseType::Stream).await;
    for pace in [Pace::every(Duration::from_millis(5)), Pace::of(0, 100_000)] {
        let flows = Flow::open_all(&calling.client, pace).await;
        flows.iter().for_each(Flow::give_up);
    }
    serving.all_stopped().await;
    calling.nothing_is_left().await;
    no_mapping_is_left(&world).await;
}

#[tokio::test]
async fn behind_a_singleton_streams_are_refused_with_what_to_do() {
    let (world, serving, calling) = a_world(ResponseType::Singleton).await;
    for kind in FlowKind::ALL {
        let begin = Instant::now();
        let status = Flow::open(&calling.client, kind, Pace::of(3, 100)).end().await.unwrap_err();
        println!("{kind} behind a singleton import: {:?}: {status}", begin.elapsed());
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Remote), "{status}");
        assert!(status.message().contains("response_type: stream"), "{status}");
        assert!(status.is_not_processed(), "{status}");
    }
    assert_eq!(serving.feeder.started.get(), 0);
    calling.client.echo(Piece::new(1, 100)).await.unwrap();
    calling.nothing_is_left().await;
    serving.nothing_is_left().await;
    no_mapping_is_left(&world).await;
}
