//! What a call hands on to the calls that its handler makes.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::proto::Other;
use e2e::{Count, Crew, Empty, LONG, OtherClient, OtherServer, PlacedClient, ProbeServer, Scripted};
use e2e::{World, answer, on_both, other, placed, probe, question, until};
use nats_rpc::call::TraceContext;
use nats_rpc::raw::{Body, Call};
use nats_rpc::server::RpcService;
use nats_rpc::{Code, Context, Priority};
use tower::{Service, ServiceExt};

on_both! {
    what_is_given_up_is_given_up_through_three_services,
    what_is_detached_goes_on,
    a_task_learns_that_its_call_was_given_up,
    priority_trace_and_deadline_are_handed_on,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Awaited,
    InATask,
}

/// `Probe` calls `Other`, which calls `Placed`, which never answers.
async fn what_is_given_up_is_given_up_through_three_services(world: World) {
    for how in [How::Awaited, How::InATask] {
        let (reached, dropped, cancelled) = (Count::new(), Count::new(), Count::new());
        let (reaches, drops) = (reached.clone(), dropped.clone());
        let last = world
            .serve(placed(move |_| {
                let (reaches, guard) = (reaches.clone(), drops.guard());
                async move {
                    let _guard = guard;
                    reaches.add();
                    pending().await
                }
            }))
            .await;
        let (next, counted) = (PlacedClient::new(world.channel().await), cancelled.clone());
        let middle = world
            .serve(other(move |_| {
                let (next, counted) = (next.clone(), counted.clone());
                async move {
                    let call = async move {
                        let outcome = next.who(Empty {}).await;
                        if outcome.as_ref().is_err_and(|status| status.code() == Code::Cancelled) {
                            counted.add();
                        }
                        outcome
                    };
                    match how {
                        How::Awaited => call.await,
                        How::InATask => nats_rpc::spawn(call).await.unwrap(),
                    }
                }
            }))
            .await;
        let (next, counted) = (OtherClient::new(world.channel().await), cancelled.clone());
        let first = world
            .serve(probe(move |_| {
                let (next, counted) = (next.clone(), counted.clone());
                async move {
                    // The context is that of the place where the call is made, not of where it is awaited.
                    let call = next.who(Empty {});
                    match how {
                        How::Awaited => call.await,
                        How::InATask => tokio::spawn(async move {
                            let outcome = call.await;
                            if outcome.as_ref().is_err_and(|status| status.code() == Code::Cancelled) {
                                counted.add();
                            }
                            outcome
                        })
                        .await
                        .unwrap(),
                    }
                }
            }))
            .await;
        let client = world.client().await;
        let call = tokio::spawn(client.ask(question("")).timeout(LONG * 4));
        reached.reach(1).await;
        call.abort();
        dropped.reach(1).await;
        if how == How::InATask {
            cancelled.reach(2).await;
        }
        for server in [&first, &middle, &last] {
            until("nothing runs", || server.stats().running == 0).await;
        }
        for server in [first, middle, last] {
            server.shutdown().await;
        }
    }
}

async fn what_is_detached_goes_on(world: World) {
    let (reached, answered) = (Count::new(), Count::new());
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let (reaches, held) = (reached.clone(), Arc::clone(&gate));
    let _last = world
        .serve(other(move |_| {
            let (reaches, held) = (reaches.clone(), Arc::clone(&held));
            async move {
                reaches.add();
                let _ = held.acquire().await;
                Ok(answer("done"))
            }
        }))
        .await;
    let (next, counted) = (OtherClient::new(world.channel().await), answered.clone());
    let (client, first) = world
        .start(move |_| {
            let (next, counted) = (next.clone(), counted.clone());
            async move {
                nats_rpc::spawn(async move {
                    if next.who(Empty {}).timeout(LONG).detached().await.is_ok() {
                        counted.add();
                    }
                });
                pending().await
            }
        })
        .await;
    let call = tokio::spawn(client.ask(question("")).timeout(LONG));
    reached.reach(1).await;
    call.abort();
    until("its caller is gone", || first.stats().running == 0).await;
    gate.add_permits(1);
    answered.reach(1).await;
}

async fn a_task_learns_that_its_call_was_given_up(world: World) {
    let (started, told) = (Count::new(), Count::new());
    let (starts, tells) = (started.clone(), told.clone());
    let (client, _server) = world
        .start(move |_| {
            let (starts, tells) = (starts.clone(), tells.clone());
            async move {
                nats_rpc::spawn(async move {
                    starts.add();
                    Context::current().cancelled().await;
                    tells.add();
                });
                pending().await
            }
        })
        .await;
    let call = tokio::spawn(client.ask(question("")).timeout(LONG));
    started.reach(1).await;
    assert_eq!(told.get(), 0);
    call.abort();
    told.reach(1).await;
}

async fn priority_trace_and_deadline_are_handed_on(world: World) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let _last = world
        .serve(OtherServer::new(Observer(move |context: Context| sees.lock().unwrap().push(context))))
        .await;
    let next = OtherClient::new(world.channel().await);
    let _first = world
        .serve(probe(move |request| {
            let next = next.clone();
            async move {
                if request.get_ref().text == "in a task" {
                    nats_rpc::spawn(next.who(Empty {})).await.unwrap()
                } else {
                    next.who(Empty {}).await
                }
            }
        }))
        .await;
    let sampled = TraceContext { trace_id: 7, span_id: 8, flags: 1 };
    let not = TraceContext { flags: 0, ..sampled };
    for (text, priority, trace, state) in [
        ("", Priority::Critical, Some(sampled), "vendor=x"),
        ("in a task", Priority::Background, Some(not), ""),
        ("", Priority::Default, None, ""),
        ("in a task", Priority::Sheddable, None, ""),
    ] {
        let mut context = Context::new().with_priority(priority);
        if let Some(trace) = trace {
            context = context.with_trace(trace, state);
        }
        let method = <ProbeServer<Scripted> as RpcService>::SPEC.method(0);
        let body = prost::Message::encode_to_vec(&question(text));
        let call = Call::new(method, Body::Unary(body.into()))
            .with_context(context)
            .with_timeout(Duration::from_secs(5));
        world.channel().await.ready().await.unwrap().call(call).await.unwrap();
        let context = seen.lock().unwrap().pop().unwrap();
        assert_eq!((context.priority(), context.trace(), context.trace_state()), (priority, trace, state));
        // Of the 5 s of the first call, not the 10 s that are the second's default.
        assert!(context.time_remaining().unwrap() <= Duration::from_secs(5));
        assert_eq!(context.attempt(), 0);
    }
}

/// An `Other` that shows the context that its calls come with.
struct Observer<F>(F);

impl<F: Fn(Context) + Send + Sync + 'static> Other for Observer<F> {
    async fn who(&self, request: nats_rpc::Request<Empty>) -> e2e::Outcome {
        (self.0)(request.context().clone());
        Ok(answer("seen"))
    }
}

/// The types of what the world serves are nameable, so that users can hold them.
#[test]
fn servers_can_be_named() {
    fn named<T: RpcService>() {}
    named::<OtherServer<Crew>>();
}
