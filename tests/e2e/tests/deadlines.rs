//! Timeouts and deadlines.

use std::future::pending;
use std::time::{Duration, Instant};

use e2e::{
    Answer, Count, Empty, LONG, OtherClient, Outcome, ProbeClient, World, answer, on_both, other, probe,
    question,
};
use futures_util::future::join_all;
use nats_rpc::{Channel, Code, Context, Origin};

const SECOND: Duration = Duration::from_secs(1);

/// Answers with the time that is left, in milliseconds; -1 stands for "for ever".
fn time_left(left: Option<Duration>) -> Outcome {
    let millis = left.map_or(-1, |left| i64::try_from(left.as_millis()).unwrap());
    Ok(Answer { big_number: millis, ..Answer::default() }.into())
}

/// Whether an answer of [`time_left`] is at most `most` and, with a minute for delays, about it.
#[track_caller]
fn about(given: &Answer, most: Duration) {
    let most = i64::try_from(most.as_millis()).unwrap();
    assert!(given.big_number <= most && given.big_number > most - 60_000, "{} of {most}", given.big_number);
}

on_both! {
    a_call_ends_at_its_deadline_and_so_does_the_handler,
    calls_that_time_out_do_not_stop_later_ones,
    no_time_at_all_is_not_even_tried,
    the_handler_sees_what_is_left,
    calls_of_a_handler_inherit_its_deadline,
    the_deadline_of_a_handler_ends_the_calls_it_makes,
    the_channel_has_a_default,
    a_method_has_a_timeout_of_its_own,
}

async fn a_call_ends_at_its_deadline_and_so_does_the_handler(world: World) {
    let (started, ended) = (Count::new(), Count::new());
    let (starts, ends) = (started.clone(), ended.clone());
    let (client, _server) = world
        .start(move |request| {
            let (starts, ends) = (starts.clone(), ends.clone());
            async move {
                if request.get_ref().text == "stay" {
                    starts.add();
                    let _guard = ends.guard();
                    pending::<()>().await;
                }
                Ok(answer("here"))
            }
        })
        .await;
    let (timeout, begin) = (Duration::from_millis(300), Instant::now());
    let status = client.ask(question("stay")).timeout(timeout).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!(begin.elapsed() > timeout * 9 / 10 && begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    started.reach(1).await;
    ended.reach(1).await;
    assert_eq!(client.ask(question("")).await.unwrap().into_inner().text, "here");
}

async fn calls_that_time_out_do_not_stop_later_ones(world: World) {
    let (started, ended) = (Count::new(), Count::new());
    let (starts, ends) = (started.clone(), ended.clone());
    let _server = world
        .serve(probe(move |request| {
            let (starts, ends) = (starts.clone(), ends.clone());
            async move {
                if request.get_ref().text == "stay" {
                    starts.add();
                    let _guard = ends.guard();
                    pending::<()>().await;
                }
                Ok(answer("here"))
            }
        }))
        .await;
    // A breaker would, and rightly.
    let client = ProbeClient::new(world.bare_channel().await);
    for _ in 0..5 {
        let calls = (0..400).map(|_| client.ask(question("stay")).timeout(Duration::from_millis(20)));
        for outcome in join_all(calls).await {
            let status = outcome.unwrap_err();
            assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        }
        assert_eq!(client.ask(question("")).timeout(LONG).await.unwrap().into_inner().text, "here");
    }
    e2e::until("every handler has ended", || started.get() == ended.get()).await;
}

async fn no_time_at_all_is_not_even_tried(world: World) {
    let handled = Count::new();
    let counted = handled.clone();
    let (client, _server) = world
        .start(move |_| {
            counted.add();
            async { Ok(answer("")) }
        })
        .await;
    let status = client.ask(question("")).timeout(Duration::ZERO).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::DeadlineExceeded, Origin::Local));
    client.ask(question("")).await.unwrap();
    assert_eq!(handled.get(), 1);
}

async fn the_handler_sees_what_is_left(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            assert_eq!(request.context(), &Context::current());
            assert_eq!(request.context().attempt(), 0);
            time_left(request.context().time_remaining())
        })
        .await;
    for timeout in [SECOND * 70, SECOND * 5000] {
        let given = client.ask(question("")).timeout(timeout).await.unwrap();
        about(given.get_ref(), timeout);
    }
    let given = client.ask(question("")).timeout(Duration::MAX).await.unwrap();
    assert!(given.get_ref().big_number == -1 || given.get_ref().big_number > 1_000_000_000);
}

async fn calls_of_a_handler_inherit_its_deadline(world: World) {
    let _other =
        world.serve(other(|request| async move { time_left(request.context().time_remaining()) })).await;
    let inner = OtherClient::new(world.channel().await.with_default_timeout(SECOND * 3000));
    let (client, _server) = world
        .start(move |request| {
            let inner = inner.clone();
            async move {
                tokio::task::yield_now().await;
                match &*request.get_ref().text {
                    "call" => inner.who(Empty {}).await,
                    "spawn" => nats_rpc::spawn(async move { inner.who(Empty {}).await }).await.unwrap(),
                    "tokio" => tokio::spawn(async move { inner.who(Empty {}).await }).await.unwrap(),
                    "detached" => inner.who(Empty {}).detached().await,
                    "shorter" => inner.who(Empty {}).timeout(SECOND * 100).await,
                    "longer" => inner.who(Empty {}).timeout(SECOND * 2000).await,
                    "detached and longer" => inner.who(Empty {}).detached().timeout(SECOND * 2000).await,
                    text => panic!("{text}"),
                }
            }
        })
        .await;
    for (kind, most) in [
        ("call", SECOND * 1000),
        ("spawn", SECOND * 1000),
        ("tokio", SECOND * 3000),
        ("detached", SECOND * 3000),
        ("shorter", SECOND * 100),
        ("longer", SECOND * 1000),
        ("detached and longer", SECOND * 2000),
    ] {
        let given = client.ask(question(kind)).timeout(SECOND * 1000).await.unwrap();
        about(given.get_ref(), most);
    }
}

async fn the_deadline_of_a_handler_ends_the_calls_it_makes(world: World) {
    let (ended, caught) = (Count::new(), Count::new());
    let (ends, catches) = (ended.clone(), caught.clone());
    let _other = world
        .serve(other(move |_| {
            let guard = ends.guard();
            async move {
                let _guard = guard;
                pending().await
            }
        }))
        .await;
    let inner = OtherClient::new(world.channel().await.without_default_timeout());
    let (client, _server) = world
        .start(move |_| {
            let (inner, catches) = (inner.clone(), catches.clone());
            async move {
                // In a task of its own, which outlives the handler.
                nats_rpc::spawn(async move {
                    let status = inner.who(Empty {}).await.unwrap_err();
                    assert_eq!(status.code(), Code::DeadlineExceeded);
                    catches.add();
                });
                pending().await
            }
        })
        .await;
    let status = client.ask(question("")).timeout(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    caught.reach(1).await;
    ended.reach(1).await;
}

async fn the_channel_has_a_default(world: World) {
    let _server = world
        .serve(probe(|request| async move {
            if request.get_ref().text == "stay" {
                pending::<()>().await;
            }
            time_left(request.context().time_remaining())
        }))
        .await;
    let channel = world.channel().await;
    let ask =
        async |channel: Channel| ProbeClient::new(channel).ask(question("")).await.unwrap().into_inner();
    about(&ask(channel.clone()).await, SECOND * 10);
    about(&ask(channel.clone().with_default_timeout(SECOND * 100)).await, SECOND * 100);
    assert_eq!(ask(channel.clone().without_default_timeout()).await.big_number, -1);
    // It ends calls, as a timeout of their own does; a longer one of their own wins.
    let hasty = ProbeClient::new(channel.with_default_timeout(Duration::from_millis(100)));
    let status = hasty.ask(question("stay")).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    about(hasty.ask(question("")).timeout(SECOND * 100).await.unwrap().get_ref(), SECOND * 100);
}

async fn a_method_has_a_timeout_of_its_own(world: World) {
    let _server =
        world.serve(probe(|request| async move { time_left(request.context().time_remaining()) })).await;
    let channel = world.channel().await;
    for channel in [channel.clone().with_default_timeout(SECOND * 500), channel.without_default_timeout()] {
        let client = ProbeClient::new(channel);
        about(client.ask_briefly(question("")).await.unwrap().get_ref(), SECOND * 40);
        let longer = client.ask_briefly(question("")).timeout(SECOND * 400).await.unwrap();
        about(longer.get_ref(), SECOND * 400);
    }
}
