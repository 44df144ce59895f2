//! Calls of all instances, and of one by its id.

use std::time::Duration;

use e2e::{LONG, ProbeClient, World, answer, on_both, probe, question};
use futures_util::StreamExt;
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Origin, Response, Status};

/// An instance that answers with its name; `slow` ones never do.
async fn an_instance(world: &World, name: &'static str) -> Handle {
    let service = probe(move |request: nats_rpc::Request<e2e::Question>| async move {
        match &*request.get_ref().text {
            order if order == name => std::future::pending().await,
            "fail" => Err(Status::not_found(name)),
            _ => Ok(answer(name)),
        }
    });
    world.serve(service).await
}

type Answered = (String, Result<String, Code>);

async fn ask_all(client: &ProbeClient, text: &str, timeout: Duration) -> Vec<Answered> {
    let answers = client.scatter().ask(question(text)).timeout(timeout).await.unwrap();
    let text = |outcome: Result<Response<e2e::Answer>, Status>| match outcome {
        Ok(response) => Ok(response.into_inner().text),
        Err(status) => Err(status.code()),
    };
    let mut answers: Vec<_> = answers.map(|(instance, outcome)| (instance, text(outcome))).collect().await;
    answers.sort();
    answers
}

fn expected<const N: usize>(outcomes: [(&Handle, Result<&str, Code>); N]) -> Vec<Answered> {
    let owned = |(handle, outcome): (&Handle, Result<&str, Code>)| {
        (handle.instance().to_owned(), outcome.map(str::to_owned))
    };
    let mut outcomes: Vec<_> = outcomes.into_iter().map(owned).collect();
    outcomes.sort();
    outcomes
}

on_both! {
    every_instance_answers_once,
    who_does_not_answer_is_named_at_the_deadline,
    nobody_is_an_empty_stream,
    one_instance_is_called_by_its_id,
}

async fn every_instance_answers_once(world: World) {
    let (a, b, c) =
        (an_instance(&world, "a").await, an_instance(&world, "b").await, an_instance(&world, "c").await);
    let client = world.client().await;
    for _ in 0..3 {
        let all = ask_all(&client, "", LONG).await;
        assert_eq!(all, expected([(&a, Ok("a")), (&b, Ok("b")), (&c, Ok("c"))]));
    }
    let failed = Err(Code::NotFound);
    let all = ask_all(&client, "fail", LONG).await;
    assert_eq!(all, expected([(&a, failed), (&b, failed), (&c, failed)]));
}

async fn who_does_not_answer_is_named_at_the_deadline(world: World) {
    let (a, b) = (an_instance(&world, "a").await, an_instance(&world, "b").await);
    let client = world.client().await;
    let all = ask_all(&client, "b", Duration::from_millis(1500)).await;
    assert_eq!(all, expected([(&a, Ok("a")), (&b, Err(Code::DeadlineExceeded))]));
}

async fn nobody_is_an_empty_stream(world: World) {
    assert_eq!(ask_all(&world.client().await, "", LONG).await, []);
}

async fn one_instance_is_called_by_its_id(world: World) {
    let (a, b) = (an_instance(&world, "a").await, an_instance(&world, "b").await);
    let client = world.client().await;
    for (handle, name) in [(&a, "a"), (&b, "b")] {
        let one = client.on_instance(handle.instance());
        for _ in 0..10 {
            assert_eq!(one.ask(question("")).await.unwrap().into_inner().text, name);
        }
    }
    let gone = client.on_instance(a.instance());
    a.shutdown().await;
    let status = gone.ask(question("")).timeout(LONG).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
    assert!(status.is_not_processed(), "{status}");
    let status = client.on_instance("a.*").ask(question("")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
}

/// The ids of instances are kept for a while, and one of them ends meanwhile.
#[tokio::test]
async fn an_instance_that_has_gone_is_not_waited_for() {
    let world = World::nats();
    let (a, b) = (an_instance(&world, "a").await, an_instance(&world, "b").await);
    let client = ProbeClient::new(Channel::new(world.connect().await));
    assert_eq!(ask_all(&client, "", LONG).await.len(), 2);
    let both = expected([(&a, Ok("a")), (&b, Err(Code::Unavailable))]);
    b.shutdown().await;
    let begin = std::time::Instant::now();
    assert_eq!(ask_all(&client, "", LONG * 2).await, both);
    println!("an instance that has gone is known to have after {:?}", begin.elapsed());
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
}
