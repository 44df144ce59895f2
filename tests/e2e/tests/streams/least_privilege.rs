//! Streams of a server and a client that may do what this release needs, and nothing else.

use std::time::{Duration, Instant};

use e2e::{Account, Feeder, Flow, FlowKind, Pace, Piece, World, needed_permissions, until};
use nats_rpc::Code;

use super::scene::{Calling, Serving};

const PREFIX: &str = "svc.e2e.v1.Feed";

fn needed() -> String {
    needed_permissions(PREFIX, "q", &["Echo", "Watch", "Upload", "Chat"])
}

async fn a_world(config: String) -> (World, Serving, Calling) {
    let world = World::with_config(config);
    let options = Account::Server.options(world.url());
    let (feeder, connection) = (Feeder::new(), options.connect().await.unwrap());
    let handle = options.server(feeder.feed()).unwrap().start(connection.clone()).await.unwrap();
    let calling = Calling::to(&Account::Client.options(world.url())).await;
    (world, Serving { feeder, handle, connection }, calling)
}

fn refused(world: &World) -> Vec<String> {
    let log = world.server().log().unwrap();
    log.lines().filter(|line| line.contains("Violation")).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_least_is_enough_for_streams() {
    let (world, serving, calling) = a_world(needed()).await;
    // For so long that the instance is asked after them many times.
    let slow = Pace { pause: Duration::from_millis(100), ..Pace::of(15, 100) };
    for pace in [Pace::of(100, 10_000), Pace::of(2, 2_000_000), slow] {
        for mut flow in FlowKind::ALL.map(|kind| Flow::open(&calling.client, kind, pace)) {
            flow.end().await.unwrap();
        }
    }
    calling.client.echo(Piece::new(1, 2_000_000)).timeout(e2e::LONG).await.unwrap();
    let flows = calling.open_various().await;
    flows.iter().for_each(Flow::give_up);
    serving.feeder.over.reach(18).await;
    calling.nothing_is_left().await;
    serving.nothing_is_left().await;
    let Serving { handle, .. } = serving;
    handle.shutdown().await;
    assert_eq!(refused(&world), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_may_not_send_to_an_instance_is_told() {
    // Another subject instead, that nobody uses.
    let config = needed().replace("._i.*.s", "._i.*.x");
    let (world, serving, calling) = a_world(config).await;
    // Whether there is much to send or only credit to give, and it is never refused at once.
    for kind in FlowKind::ALL {
        let begin = Instant::now();
        let status = Flow::open(&calling.client, kind, Pace::of(0, 20_000)).end().await.unwrap_err();
        println!("{kind} without permission to send to the instance: {:?}: {status}", begin.elapsed());
        assert_eq!(status.code(), Code::PermissionDenied, "{status}");
        assert!(status.message().contains("._i."), "{status}");
    }
    until("it is logged", || refused(&world).iter().any(|line| line.contains("._i."))).await;
    calling.nothing_is_left().await;
    drop(serving);
}
