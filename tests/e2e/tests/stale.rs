//! Requests that lay somewhere for longer than their callers waited, and clocks that are wrong.

use std::time::Duration;

use bytes::BytesMut;
use e2e::{Bystander, Count, LONG, ProbeClient, World, answer, probe, question};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Connection, Server, wire};
use prost::Message;

async fn connect(world: &World, ahead_ms: i64) -> Connection {
    Connection::builder().server(world.url()).clock_ahead_ms(ahead_ms).connect().await.unwrap()
}

async fn serve(world: &World, ahead_ms: i64, handled: &Count) -> Handle {
    let handled = handled.clone();
    let probe = probe(move |request| {
        let handled = handled.clone();
        async move {
            handled.add();
            Ok(answer(request.into_inner().text))
        }
    });
    Server::builder().add_service(probe).start(connect(world, ahead_ms).await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clocks_that_differ_cost_nobody_a_call() {
    for (servers_ahead, clients_ahead) in
        [(13_000, 0), (-13_000, 0), (0, 13_000), (0, -13_000), (0, -3_600_000)]
    {
        let (world, handled) = (World::nats(), Count::new());
        let _server = serve(&world, servers_ahead, &handled).await;
        let client = ProbeClient::new(Channel::new(connect(&world, clients_ahead).await));
        for n in 1..=50 {
            let timeout = Duration::from_secs(10);
            let given = client.ask(question("x")).timeout(timeout).await;
            assert_eq!(
                given.map(|given| given.into_inner().text).as_deref().ok(),
                Some("x"),
                "{servers_ahead}"
            );
            assert_eq!(handled.get(), n, "each runs once");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn instances_whose_clocks_differ_from_each_other_do_not_either() {
    let (world, handled) = (World::nats(), Count::new());
    let _servers = [
        serve(&world, 0, &handled).await,
        serve(&world, 13_000, &handled).await,
        serve(&world, 60_000, &handled).await,
    ];
    let client = ProbeClient::new(Channel::new(connect(&world, 0).await));
    for n in 1..=200 {
        client.ask(question("x")).timeout(Duration::from_secs(10)).await.unwrap();
        assert_eq!(handled.get(), n, "each runs once");
    }
}

/// What an instance that stood still finds when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_stale_never_reaches_the_handler() {
    let (world, handled) = (World::nats(), Count::new());
    let _server = serve(&world, 0, &handled).await;
    let nats = Bystander::new(&world).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now_ms = u64::try_from(now.as_millis()).unwrap();
    for (age_ms, stale) in [(0, false), (1_400, false), (30_000, true), (86_400_000, true), (-5_000, false)] {
        let before = handled.get();
        let open = wire::Open {
            timeout_us: 1_000_000,
            sent_ms: now_ms.wrapping_sub(age_ms as u64) as u32,
            method: nats_rpc::spec::method_hash("e2e.v1.Probe", "Ask"),
            ..wire::Open::default()
        };
        let mut frame = BytesMut::new();
        open.encode(std::iter::empty(), &question("x").encode_to_vec(), &mut frame).unwrap();
        let reply = tokio::time::timeout(LONG, nats.request("svc.e2e.v1.Probe.Ask", &[], frame.freeze()));
        let payload = reply.await.unwrap().payload;
        let frame = wire::Frame::split(&payload).unwrap();
        if stale {
            let refused = wire::Refused::decode(&frame.header).unwrap();
            assert_eq!(refused.reason, wire::RefusedReason::Stale, "{age_ms}");
            assert!(refused.server_now_ms.abs_diff(now_ms) < 60_000, "{}", refused.server_now_ms);
            assert_eq!(handled.get(), before, "{age_ms}");
        } else {
            assert_eq!(wire::Kind::from_byte(frame.kind), Some(wire::Kind::Terminal), "{age_ms}");
            assert_eq!(handled.get(), before + 1, "{age_ms}");
        }
    }
}
