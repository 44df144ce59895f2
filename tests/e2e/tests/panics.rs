//! Handlers that panic.

use std::sync::Arc;

use e2e::{Count, LONG, World, answer, on_all, question};
use nats_rpc::{Code, Origin};
use tokio::sync::Semaphore;

on_all! {
    a_panic_harms_no_other_call,
    neither_does_one_while_a_handler_is_dropped,
}

async fn a_panic_harms_no_other_call(world: World) {
    let (waiting, gate) = (Count::new(), Arc::new(Semaphore::new(0)));
    let (counted, handler_gate) = (waiting.clone(), Arc::clone(&gate));
    let (client, _server) = world
        .start(move |request| {
            if request.get_ref().text == "before the future" {
                panic!("a secret");
            }
            let (counted, gate) = (counted.clone(), Arc::clone(&handler_gate));
            async move {
                let text = request.into_inner().text;
                match &*text {
                    "at once" => panic!("a secret"),
                    "later" => {
                        tokio::task::yield_now().await;
                        panic!("a secret {}", text.len());
                    }
                    "wait" => {
                        counted.add();
                        let _ = gate.acquire().await;
                    }
                    _ => {}
                }
                Ok(answer(text))
            }
        })
        .await;
    let waiters: Vec<_> = (0..10).map(|_| tokio::spawn(client.ask(question("wait")))).collect();
    waiting.reach(10).await;
    for kind in ["before the future", "at once", "later"] {
        for _ in 0..3 {
            let status = client.ask(question(kind)).await.unwrap_err();
            assert_eq!((status.code(), status.origin()), (Code::Unknown, Origin::Remote), "{kind}");
            assert!(!format!("{status:?}").contains("secret"), "{kind}: {status:?}");
            assert_eq!(client.ask(question("next")).await.unwrap().into_inner().text, "next");
        }
    }
    gate.add_permits(100);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().unwrap().into_inner().text, "wait");
    }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("a secret");
    }
}

/// At its deadline a handler is dropped where it is, the first time by the task that reads its method.
async fn neither_does_one_while_a_handler_is_dropped(world: World) {
    let (client, server) = world
        .start(|request| async move {
            if request.get_ref().text == "next" {
                return Ok(answer("next"));
            }
            let _value = PanicsWhenDropped;
            std::future::pending().await
        })
        .await;
    for micros in [1, 1, 1, 50_000, 100_000] {
        let timeout = std::time::Duration::from_micros(micros);
        let status = client.ask(question("stay")).timeout(timeout).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
        let next = client.ask(question("next")).timeout(LONG).await.unwrap();
        assert_eq!(next.into_inner().text, "next");
    }
    e2e::until("no handler runs", || server.stats().running == 0).await;
}
