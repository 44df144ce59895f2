//! What does not share messages.

use std::time::Duration;

use nats_rpc::call::{Context, TraceContext};
use nats_rpc::raw::{Body, Call};
use nats_rpc::transport::memory::{Export, Options, Response};
use nats_rpc::wire::Kind;
use nats_rpc::{Channel, Method};
use prost::Message as _;
use tower_service::Service as _;

use crate::tap::{Seen, Tap, batches, of_kind};
use crate::world::{ASK, OracleClient, World, ask_all, questions};

const PONDER: &str = "svc.test.v1.Oracle.Ponder";

/// Several of them would keep one instance busy while others have nothing to do.
#[tokio::test(start_paused = true)]
async fn calls_whose_handlers_take_long() {
    let mut world = World::new().await;
    let calls = questions(50).into_iter().map(|question| world.client.ponder(question));
    futures_util::future::try_join_all(calls).await.unwrap();
    let openings = world.tap.openings(PONDER);
    assert_eq!((openings.len(), batches(&openings)), (50, 0));
}

/// As soon as it is known.
#[tokio::test(start_paused = true)]
async fn calls_whose_handlers_begin_to_take_long() {
    let mut world = World::new().await;
    let slow: Vec<_> = (0..50).map(|n| format!("wait {}", 20 + n)).collect();
    world.ask_all(&slow).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    assert!(batches(&world.tap.openings(ASK)) > 2);
    world.ask_all(&slow).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let openings = world.tap.openings(ASK);
    assert_eq!((openings.len(), batches(&openings)), (50, 0));
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_channel_that_shares_nothing() {
    let mut world = World::with(Channel::without_coalescing).await;
    world.ask_all(&questions(50)).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    let seen = world.tap.seen();
    assert!(!seen.iter().any(Seen::is_shared));
    assert_eq!(seen.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_method_that_shares_nothing() {
    for path in ["test.v1.Oracle/Ask", "/test.v1.Oracle/Ask"] {
        let mut world = World::with(|channel| channel.without_coalescing_of(path)).await;
        world.ask_all(&questions(50)).await.into_iter().for_each(|answer| drop(answer.unwrap()));
        assert!(!world.tap.seen().iter().any(Seen::is_shared));
    }
    let mut world = World::with(|channel| channel.without_coalescing_of("test.v1.Oracle/Ponder")).await;
    world.ask_all(&questions(50)).await.into_iter().for_each(|answer| drop(answer.unwrap()));
    assert!(world.tap.seen().iter().any(Seen::is_shared));
}

/// Whoever follows a sampled call on its way sees it alone.
#[tokio::test(start_paused = true)]
async fn sampled_calls() {
    let mut world = World::new().await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let method = Method::dynamic("test.v1.Oracle", "Ask", nats_rpc::Kind::Unary);
    let calls = questions(20).into_iter().map(|question| {
        let mut call = Call::new(method.clone(), Body::Unary(question.encode_to_vec().into()));
        let trace = TraceContext::from_traceparent(trace).unwrap();
        *call.context_mut() = Context::new().with_trace(trace, "");
        world.channel.clone().call(call)
    });
    futures_util::future::try_join_all(calls).await.unwrap();
    assert_eq!(of_kind(&world.tap.seen(), Kind::Batch), 0);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_aimed_at_an_instance() {
    let mut world = World::new().await;
    let aimed = world.client.on_instance(world.server.instance());
    let calls = questions(20).into_iter().map(|question| aimed.ask(question));
    futures_util::future::try_join_all(calls).await.unwrap();
    assert_eq!(of_kind(&world.tap.seen(), Kind::Batch), 0);
}

/// An import gives each call a reply subject of its own, and lets nothing else through.
#[tokio::test(start_paused = true)]
async fn what_goes_through_an_import() {
    for (response, imports) in [
        (Response::Singleton, nats_rpc::server::Imports::Singleton),
        (Response::Stream, nats_rpc::server::Imports::Stream),
    ] {
        let broker = nats_rpc::transport::memory::Broker::new();
        broker.import("shop", &Export::new("bank", "svc.>").response(response));
        let at = |account: &str| broker.connect_with(Options::new().account(account).name(account));
        let service = crate::world::OracleServer::new(crate::world::Node::default());
        let server = nats_rpc::Server::builder().imports(imports).add_service(service);
        let _server = server.start(at("bank").await.unwrap()).await.unwrap();
        let client = OracleClient::new(Channel::new(at("shop").await.unwrap()));
        client.ask("first".to_owned()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let shop = broker.client(&Options::new().account("shop")).unwrap();
        let mut tap = Tap::of(shop.subscribe(">", None).unwrap());
        ask_all(&client, &questions(30)).await.into_iter().for_each(|answer| drop(answer.unwrap()));
        let seen = tap.seen();
        assert!(!seen.is_empty() && seen.iter().all(|seen| seen.items.is_empty()), "{response:?}");
    }
}
