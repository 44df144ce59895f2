use e2e::{Count, World, within};
use futures_util::future::join_all;

use super::lossy::Losses;
use super::service::{Service, attempt, lose};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_repeat_lands_elsewhere_and_gets_the_first_reply() {
    let world = World::jetstream();
    let service = Service::new(Losses::of(|(_, attempt)| attempt == 0));
    let instances = service.three(&world).await;
    let channel = world.channel().await;
    within("the test", async {
        lose(&service, &channel, (7, 0), "pay", &instances[0]).await;
        for (number, instance) in (1..).zip([&instances[1], &instances[2], &instances[0]]) {
            let text = attempt(&channel, (7, number), "pay", Some(instance)).await.unwrap();
            assert_eq!(text, "one 1");
        }
        assert_eq!(attempt(&channel, (8, 1), "pay", Some(&instances[1])).await.unwrap(), "two 2");
    })
    .await;
    assert_eq!(service.runs.get(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_repeat_comes_while_the_first_runs() {
    let world = World::jetstream();
    let service = Service::new(Losses::of(|_| false));
    let instances = service.three(&world).await;
    let channel = world.channel().await;
    within("the test", async {
        let first = tokio::spawn(attempt(&channel, (7, 0), "wait", Some(&instances[0])));
        service.runs.reach(1).await;
        let others = [&instances[0], &instances[1], &instances[2]];
        let others: Vec<_> =
            others.map(|instance| tokio::spawn(attempt(&channel, (7, 1), "wait", Some(instance)))).into();
        service.go.add_permits(1);
        assert_eq!(first.await.unwrap().unwrap(), "one 1");
        for other in others {
            assert_eq!(other.await.unwrap().unwrap(), "one 1");
        }
    })
    .await;
    assert_eq!(service.runs.get(), 1);
}

/// By the queue group, as in earnest: nobody says where an attempt lands.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_calls_with_many_losses_each_runs_once() {
    const CALLS: usize = 100;
    let world = World::jetstream();
    // A third loses no reply, a third one, a third two.
    let service = Service::new(Losses::of(|(id, attempt)| u128::from(attempt) < id % 3));
    let _instances = service.three(&world).await;
    let channel = world.channel().await;
    let attempts = Count::new();
    let answers = within(
        "the test",
        join_all((1..=CALLS as u128).map(async |id| {
            for number in 0.. {
                attempts.add();
                tokio::select! {
                    answer = attempt(&channel, (id, number), "pay", None) => return answer.unwrap(),
                    () = service.losses.of_attempt((id, number)) => {}
                }
            }
            unreachable!()
        })),
    )
    .await;
    assert_eq!(service.runs.get(), CALLS);
    // Each has the answer of a run of its own.
    let mut runs: Vec<usize> =
        answers.iter().map(|text| text.split_once(' ').unwrap().1.parse().unwrap()).collect();
    runs.sort_unstable();
    assert_eq!(runs, (1..=CALLS).collect::<Vec<_>>());
    println!(
        "{CALLS} calls, {} attempts, {} replies lost: {} runs",
        attempts.get(),
        service.losses.count(),
        CALLS
    );
    assert!(service.losses.count() >= CALLS * 2 / 3);
}
