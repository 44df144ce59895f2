//! Servers and clients in processes of their own, which are killed and frozen.

use std::time::{Duration, Instant};

use e2e::{LONG, ProbeClient, Program, Question, World, question, resident_bytes};
use nats_rpc::{Code, Status};

/// Asks with a number, which the lines of an instance show.
async fn ask(client: &ProbeClient, id: i64, text: &str) -> Result<e2e::Answer, Status> {
    let asked = Question { big_number: id, ..question(text) };
    client.ask(asked).timeout(LONG).await.map(nats_rpc::Response::into_inner)
}

/// The process that answers.
async fn answering(client: &ProbeClient) -> u32 {
    ask(client, 0, "pid").await.unwrap().text.parse().unwrap()
}

#[tokio::test]
async fn an_instance_does_what_it_is_asked() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    let answer = ask(&client, 1, "echo a b").await.unwrap();
    assert_eq!((&*answer.text, answer.big_number), ("a b", instance.pid().into()));
    assert_eq!(answering(&client).await, instance.pid());
    assert_eq!(ask(&client, 2, "sleep 5").await.unwrap().text, "awake");
    assert_eq!(ask(&client, 3, "big 70000").await.unwrap().raw_bytes.len(), 70_000);
    for (text, code) in [
        ("panic", Code::Unknown),
        ("fail 5", Code::NotFound),
        ("sleep", Code::InvalidArgument),
        ("what", Code::InvalidArgument),
    ] {
        assert_eq!(ask(&client, 4, text).await.unwrap_err().code(), code, "{text}");
    }
    for line in ["started 1", "ended 1", "ended 2", "panicked 4", "ended 4"] {
        instance.wait_for(line).await;
    }
    assert!(instance.terminate().await.success());
    instance.wait_for("stopped").await;
    // All but the panic have ended.
    assert_eq!(["started 4", "ended 4", "dropped 4"].map(|line| instance.count(line)), [4, 3, 0]);
}

#[tokio::test]
async fn an_instance_asks_another() {
    let world = World::nats();
    let _front = Program::instance(&world.options().prefix("svc.front")).await;
    let mut back = Program::instance(&world.options().prefix("svc.back")).await;
    let client = ProbeClient::new(world.options().prefix("svc.front").channel().await.unwrap());
    let nested = format!("nested {} svc.back pid", world.url());
    assert_eq!(ask(&client, 5, &nested).await.unwrap().text, back.pid().to_string());
    back.wait_for("ended 5").await;
}

#[tokio::test]
async fn a_killed_instance_is_replaced_by_another() {
    let world = World::nats();
    let mut instances =
        [Program::instance(&world.options()).await, Program::instance(&world.options()).await];
    let client = world.client().await;
    let mut seen = std::collections::HashSet::new();
    let begin = Instant::now();
    while seen.len() < 2 {
        seen.insert(answering(&client).await);
        assert!(begin.elapsed() < LONG, "only {seen:?} answer");
    }
    let [first, second] = &mut instances;
    first.kill();
    // The nats-server takes a moment to notice; what it sends to the dead one until then is lost.
    let (begin, mut in_a_row) = (Instant::now(), 0);
    while in_a_row < 30 {
        match client.ask(question("pid")).timeout(Duration::from_millis(500)).await {
            Ok(answer) => {
                assert_eq!(answer.into_inner().text, second.pid().to_string());
                in_a_row += 1;
            }
            Err(status) => {
                assert!(begin.elapsed() < LONG, "{status}");
                in_a_row = 0;
            }
        }
    }
    second.kill();
    let begin = Instant::now();
    loop {
        let status = client.ask(question("pid")).timeout(Duration::from_millis(500)).await.unwrap_err();
        if status.code() == Code::Unavailable {
            break;
        }
        assert!(begin.elapsed() < LONG, "{status}");
    }
}

#[tokio::test]
async fn a_frozen_instance_answers_when_it_thaws() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    assert_eq!(answering(&client).await, instance.pid());
    instance.freeze();
    let call = client.ask(Question { big_number: 7, ..question("echo late") }).timeout(LONG);
    let call = tokio::spawn(call);
    let none =
        tokio::time::timeout(Duration::from_millis(150), async { instance.wait_for("started 7").await });
    assert!(none.await.is_err(), "it is not frozen");
    instance.thaw();
    instance.wait_for("ended 7").await;
    drop(call);
    assert_eq!(answering(&client).await, instance.pid());
    // Nor does standing still keep it from being killed.
    instance.freeze();
    instance.kill();
}

#[tokio::test]
async fn an_instance_ends_in_good_order() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    let call = tokio::spawn(async move { ask(&client, 8, "sleep 200").await });
    instance.wait_for("started 8").await;
    assert!(instance.terminate().await.success());
    assert_eq!(call.await.unwrap().unwrap().text, "awake");
    assert_eq!((instance.count("ended 8"), instance.count("dropped 8")), (1, 0));
    assert_eq!(instance.lines().last().unwrap(), "stopped");
}

#[tokio::test]
async fn what_outlives_the_grace_of_an_instance_is_dropped() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options().grace(Duration::from_millis(50))).await;
    let client = world.client().await;
    let call = tokio::spawn(async move { ask(&client, 9, "hang").await });
    instance.wait_for("started 9").await;
    assert!(instance.terminate().await.success());
    assert_eq!(call.await.unwrap().unwrap_err().code(), Code::Unavailable);
    instance.wait_for("dropped 9").await;
}

#[tokio::test]
async fn an_instance_that_dies_in_a_call_is_gone() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    let call = client.ask(question("die")).timeout(Duration::from_millis(500));
    assert!(call.await.is_err());
    assert!(!instance.ended().await.success());
}

#[tokio::test]
async fn a_caller_reports_and_ends() {
    let world = World::nats();
    let mut caller = Program::caller(&world.options(), "echo x", 1, 20_000).await;
    assert!(caller.wait_for_beginning("failed").await.starts_with("failed UNAVAILABLE"));
    let instance = Program::instance(&world.options()).await;
    let mut caller = Program::caller(&world.options(), "pid", 2, 20_000).await;
    caller.wait_for(&format!("answered {}", instance.pid())).await;
    assert!(caller.ended().await.success());
}

#[tokio::test]
async fn a_caller_that_vanishes_harms_nobody() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options()).await;
    for id in 10..13 {
        let mut caller = Program::caller(&world.options(), "sleep 300", id, 60_000).await;
        instance.wait_for(&format!("started {id}")).await;
        caller.kill();
    }
    let client = world.client().await;
    assert_eq!(answering(&client).await, instance.pid());
    assert!(instance.terminate().await.success());
}

#[tokio::test]
async fn a_frozen_nats_server_goes_on_when_it_thaws() {
    let world = World::nats();
    let instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    assert_eq!(answering(&client).await, instance.pid());
    world.server().pause().unwrap();
    let status = client.ask(question("pid")).timeout(Duration::from_millis(100)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    world.server().resume().unwrap();
    assert_eq!(answering(&client).await, instance.pid());
}

#[tokio::test]
async fn a_clock_that_is_ahead_changes_nothing_else() {
    let world = World::nats();
    let options = world.options().clock_ahead_ms(300);
    let instance = Program::instance(&options).await;
    assert_eq!(answering(&world.client().await).await, instance.pid());
}

#[tokio::test]
async fn many_calls_leave_no_memory_behind() {
    let world = World::nats();
    let instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    let round = async || {
        for _ in 0..20 {
            let calls = (0..50).map(|id| ask(&client, id, "big 20000"));
            for outcome in futures_util::future::join_all(calls).await {
                assert_eq!(outcome.unwrap().raw_bytes.len(), 20_000);
            }
        }
    };
    round().await;
    let Some(before) = resident_bytes(instance.pid()) else { return };
    for _ in 0..4 {
        round().await;
    }
    let after = resident_bytes(instance.pid()).unwrap();
    // 4,000 answers have 80 MB.
    assert!(after < before + (12 << 20), "{before} {after}");
}
