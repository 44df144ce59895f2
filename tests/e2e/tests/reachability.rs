//! Whether anybody serves a method, and how callers learn it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{
    Answer, Bystander, Count, Empty, LONG, OtherClient, World, answer, on_both, other, probe, question,
};
use futures_util::StreamExt;
use nats_rpc::raw::{Body, Call};
use nats_rpc::{Code, Kind, Method, Origin, Request, Response, Status, wire};
use tower::{Service, ServiceExt};

on_both! {
    an_unknown_method_is_unimplemented,
    a_service_that_nobody_serves_is_unavailable,
    a_name_that_is_no_subject_is_never_sent,
    a_method_that_one_of_two_instances_has_is_always_found,
    a_service_that_starts_as_it_is_called_is_never_unimplemented,
}

/// A later version of `Probe`, in another program.
#[nats_rpc::service(package = "e2e.v1", name = "Probe")]
trait Later {
    async fn more(&self, request: Request<Empty>) -> Result<Response<Answer>, Status>;
}

struct ServesMore;

impl Later for ServesMore {
    async fn more(&self, _: Request<Empty>) -> Result<Response<Answer>, Status> {
        Ok(answer("more"))
    }
}

async fn call(world: &World, method: Method) -> Result<nats_rpc::raw::Reply, Status> {
    let call = Call::new(method, Body::Unary(Default::default())).with_timeout(LONG);
    world.channel().await.ready().await.unwrap().call(call).await
}

async fn an_unknown_method_is_unimplemented(world: World) {
    let (client, _server) = world.start(|_| async { Ok(answer("here")) }).await;
    let unknown = || Method::dynamic("e2e.v1.Probe", "NoSuch", Kind::Unary);
    for _ in 0..3 {
        let status = call(&world, unknown()).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unimplemented, Origin::Remote), "{status}");
        assert!(status.is_not_processed() && status.message().contains("/e2e.v1.Probe/NoSuch"), "{status}");
    }
    // Many at once share the question, and each gets its answer.
    let calls = (0..64).map(|_| call(&world, unknown()));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(outcome.unwrap_err().code(), Code::Unimplemented);
    }
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
}

/// Names that are known at run time only may come from anywhere.
async fn a_name_that_is_no_subject_is_never_sent(world: World) {
    let (client, _server) = world.start(|_| async { Ok(answer("here")) }).await;
    for (service, method) in [
        ("e2e.v1.Probe", "Ask 1\r\nx\r\nPUB svc.other 0\r\n\r\n"),
        ("e2e.v1.Probe", "_up"),
        ("e2e.v1.Probe", "*"),
        ("e2e.v1.Probe", ""),
        ("e2e.v1.Probe", "a.b"),
        ("e2e.v1.Probe._i.x", "s"),
        ("e2e.>", "Ask"),
        ("", "Ask"),
    ] {
        let status = call(&world, Method::dynamic(service, method, Kind::Unary)).await.unwrap_err();
        assert_eq!(
            (status.code(), status.origin()),
            (Code::InvalidArgument, Origin::Local),
            "{method:?}: {status}"
        );
        assert!(status.is_not_processed(), "{status}");
    }
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
}

async fn a_service_that_nobody_serves_is_unavailable(world: World) {
    let _server = world.serve(probe(|_| async { Ok(answer("here")) })).await;
    let client = OtherClient::new(world.channel().await);
    for _ in 0..3 {
        let status = client.who(Empty {}).timeout(LONG).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
        assert!(status.is_not_processed(), "{status}");
    }
}

async fn a_method_that_one_of_two_instances_has_is_always_found(world: World) {
    let _old = world.serve(probe(|_| async { Ok(answer("old")) })).await;
    let _new = world.serve(LaterServer::new(ServesMore)).await;
    let (old, new) = (world.client().await, LaterClient::new(world.channel().await));
    for _ in 0..200 {
        assert_eq!(new.more(Empty {}).await.unwrap().into_inner().text, "more");
        assert_eq!(old.ask(question("")).await.unwrap().into_inner().text, "old");
    }
}

async fn a_service_that_starts_as_it_is_called_is_never_unimplemented(world: World) {
    for _ in 0..20 {
        let stop = Arc::new(AtomicBool::new(false));
        let (answered, missed) = (Count::new(), Count::new());
        let mut callers = Vec::new();
        for _ in 0..4 {
            let client = OtherClient::new(world.channel().await);
            let (stop, answered, missed) = (Arc::clone(&stop), answered.clone(), missed.clone());
            callers.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    match client.who(Empty {}).timeout(LONG).await {
                        Ok(_) => answered.add(),
                        Err(status) => {
                            assert_eq!(status.code(), Code::Unavailable, "{status}");
                            assert!(status.is_not_processed(), "{status}");
                            missed.add();
                        }
                    }
                }
            }));
        }
        missed.reach(4).await;
        let server = world.serve(other(|_| async { Ok(answer("here")) })).await;
        answered.reach(20).await;
        stop.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.await.unwrap();
        }
        server.shutdown().await;
    }
}

/// With somebody who listens in, NATS says of no subject that nobody is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_tap_swallows_the_503_and_nothing_hangs() {
    let world = World::nats();
    let nats = Bystander::new(&world).await;
    let _tap = nats.client().subscribe("svc.>").await.unwrap();
    nats.publish("x", "").await;
    // Nobody has ever been there: the deadline is all there is.
    let client = world.client().await;
    let begin = std::time::Instant::now();
    let status = client.ask(question("")).timeout(std::time::Duration::from_millis(500)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    // Somebody was there, and is gone: the call is missed for its ACCEPT, long before its deadline.
    let slowly = |_| async {
        // Long enough for an ACCEPT, which shows that the service sends them.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        Ok(answer("here"))
    };
    let server = world.serve(probe(slowly)).await;
    let client = world.client().await;
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
    server.shutdown().await;
    let begin = std::time::Instant::now();
    let status = client.ask(question("")).timeout(LONG * 2).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
    assert!(!status.is_not_processed(), "nobody can tell");
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_stops_announces_it() {
    let world = World::nats();
    let server = world.serve(probe(|_| async { Ok(answer("here")) })).await;
    let nats = Bystander::new(&world).await;
    let mut group = nats.client().subscribe("svc.e2e.v1.Probe._group").await.unwrap();
    nats.publish("x", "").await;
    let instance = server.instance().to_owned();
    server.shutdown().await;
    let message = tokio::time::timeout(LONG, group.next()).await.unwrap().unwrap();
    let frame = wire::Frame::split(&message.payload).unwrap();
    assert_eq!(wire::Kind::from_byte(frame.kind), Some(wire::Kind::Leaving));
    let leaving = wire::Leaving::decode(&frame.header).unwrap();
    assert_eq!((leaving.instance, leaving.state), (&*instance, wire::LeavingState::Stopping));
}
