//! Callers that give up: before and after they have sent everything, before and after responses have come.

use std::future::pending;

use e2e::{World, nothing_runs, nothing_waits, on_both, question};
use futures_util::{StreamExt, stream};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Connection};
use tokio::sync::mpsc;

use super::case::Definition;
use super::proto::{ConformanceServiceClient, ConformanceServiceServer};
use super::{Case, Conformance, Outcome, Shape, call};

const HOUR_MS: u32 = 3_600_000;

on_both! {
    the_handler_is_stopped,
    a_call_that_depends_on_another_is_cancelled_with_it,
    so_is_one_that_has_had_responses,
}

struct Scene {
    client: ConformanceServiceClient,
    connection: Connection,
    service: Conformance,
    server: Handle,
}

impl Scene {
    async fn new(world: &World) -> Self {
        let service = Conformance::default();
        let server = world.serve(ConformanceServiceServer::new(service.clone())).await;
        let connection = world.connect().await;
        let client =
            ConformanceServiceClient::new(Channel::new(connection.clone()).without_default_timeout());
        Self { client, connection, service, server }
    }

    async fn nothing_is_left(&self) {
        self.service.over.reach(self.service.started.get()).await;
        nothing_runs(&self.server).await;
        nothing_waits(&self.connection).await;
    }
}

/// When a caller gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    BeforeHalfClose,
    AfterHalfClose,
    AfterResponses(usize),
}

use When::{AfterHalfClose, AfterResponses, BeforeHalfClose};

/// Responses that take an hour, or, if some are to come, that do not fit into any window.
fn case(shape: Shape, when: When) -> Case {
    let definition = match when {
        AfterResponses(1..) => Definition { data: vec![vec![0; 8 * 1024]; 100], ..Definition::default() },
        _ => Definition { data: vec![vec![0]; 2], delay_ms: HOUR_MS, ..Definition::default() },
    };
    Case::new(format!("{when:?}"), shape).requests([b"", b"test request"]).define(definition)
}

async fn the_handler_is_stopped(world: World) {
    let scene = Scene::new(&world).await;
    for (shape, when) in [
        (Shape::Unary, AfterHalfClose),
        (Shape::IdempotentUnary, AfterHalfClose),
        (Shape::ClientStream, BeforeHalfClose),
        (Shape::ClientStream, AfterHalfClose),
        (Shape::ServerStream, AfterResponses(0)),
        (Shape::ServerStream, AfterResponses(1)),
        (Shape::HalfDuplex, BeforeHalfClose),
        (Shape::HalfDuplex, AfterHalfClose),
        (Shape::HalfDuplex, AfterResponses(1)),
        (Shape::FullDuplex, BeforeHalfClose),
        (Shape::FullDuplex, AfterHalfClose),
        (Shape::FullDuplex, AfterResponses(1)),
        (Shape::FullDuplex, AfterResponses(2)),
    ] {
        give_up(&scene, &case(shape, when), when).await;
        scene.nothing_is_left().await;
    }
}

async fn give_up(scene: &Scene, case: &Case, when: When) {
    let Scene { client, service, .. } = scene;
    let (started, read) = (service.started.get(), service.read.get());
    let is_read = service.read.reach(read + case.requests.len());
    match (case.shape, when) {
        (Shape::HalfDuplex | Shape::FullDuplex, _) => {
            let (mut requests, mut responses) = client.bidi_stream().await.unwrap().into_split();
            let mut sent = 0;
            for request in case.bidi_stream() {
                requests.send(request.clone()).await.unwrap();
                sent += 1;
                if case.shape == Shape::FullDuplex && AfterResponses(sent) == when {
                    break;
                }
            }
            // In full duplex the second request is not read before the first is answered.
            service.read.reach(read + 1).await;
            if when == AfterHalfClose || case.shape == Shape::HalfDuplex && when != BeforeHalfClose {
                is_read_if(case.shape == Shape::HalfDuplex, is_read).await;
                requests.close();
                expect(&mut responses, when).await;
                drop(responses);
            } else {
                expect(&mut responses, when).await;
                drop(responses);
                let request = case.bidi_stream().remove(0);
                let status = requests.send(request).await.unwrap_err();
                assert_eq!(status.code(), Code::Cancelled, "{case}: {status}");
            }
        }
        (Shape::ServerStream, AfterResponses(count)) => {
            let response = client.server_stream(case.server_stream()).await.unwrap();
            let responses = response.into_inner().take(count).collect::<Vec<_>>().await;
            assert!(responses.iter().all(Result::is_ok), "{case}");
        }
        (Shape::ClientStream, _) => {
            let sent = stream::iter(case.client_stream());
            let call = match when {
                BeforeHalfClose => tokio::spawn(client.client_stream(sent.chain(stream::pending()))),
                _ => tokio::spawn(client.client_stream(sent)),
            };
            is_read.await;
            call.abort();
        }
        _ => {
            let (client, case) = (client.clone(), case.clone());
            let call = tokio::spawn(async move { call(&client, &case).await });
            service.started.reach(started + 1).await;
            call.abort();
        }
    }
}

async fn is_read_if(all: bool, is_read: impl Future<Output = ()>) {
    if all {
        is_read.await;
    }
}

/// Reads as many responses as are to come before the caller gives up.
async fn expect(
    responses: &mut nats_rpc::client::ResponseReceiver<super::proto::BidiStreamResponse>,
    when: When,
) {
    if let AfterResponses(count) = when {
        for _ in 0..count {
            assert!(responses.message().await.unwrap().is_some());
        }
    }
}

/// Starts a task of a handler whose caller gives up when `started` is reached, and returns what the task says.
async fn in_a_handler<T, F, Fut>(world: &World, task: F, given_up: impl Future<Output = ()>) -> T
where
    T: Send + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    let (said, mut hears) = mpsc::unbounded_channel();
    let (outer, _server) = world
        .start(move |_| {
            let (task, said) = (task(), said.clone());
            async move {
                nats_rpc::spawn(async move { said.send(task.await).ok() });
                pending().await
            }
        })
        .await;
    let outer = tokio::spawn(outer.ask(question("")).timeout(e2e::LONG * 4));
    given_up.await;
    outer.abort();
    hears.recv().await.unwrap()
}

/// Here the caller of the cancelled call is still there, and sees CANCELLED.
async fn a_call_that_depends_on_another_is_cancelled_with_it(world: World) {
    let scene = Scene::new(&world).await;
    for shape in Shape::ALL {
        let case = case(shape, AfterHalfClose);
        let (client, own) = (scene.client.clone(), case.clone());
        let task = move || {
            let (client, case) = (client.clone(), own.clone());
            async move { call(&client, &case).await }
        };
        let started = scene.service.started.get();
        let outcome: Outcome = in_a_handler(&world, task, scene.service.started.reach(started + 1)).await;
        assert_eq!(outcome.code(), Code::Cancelled, "{case}: {outcome:?}");
        scene.nothing_is_left().await;
    }
}

async fn so_is_one_that_has_had_responses(world: World) {
    let scene = Scene::new(&world).await;
    let answered = e2e::Count::new();
    let (client, answers) = (scene.client.clone(), answered.clone());
    let request = case(Shape::FullDuplex, AfterResponses(1)).bidi_stream().remove(0);
    let task = move || {
        let (client, answers, request) = (client.clone(), answers.clone(), request.clone());
        async move {
            let (mut requests, mut responses) = client.bidi_stream().await.unwrap().into_split();
            requests.send(request).await.unwrap();
            assert!(responses.message().await.unwrap().is_some());
            answers.add();
            let status = responses.message().await.unwrap_err();
            (status, responses.message().await.unwrap())
        }
    };
    let (status, more) = in_a_handler(&world, task, answered.reach(1)).await;
    assert_eq!((status.code(), more), (Code::Cancelled, None), "{status}");
    scene.nothing_is_left().await;
}
