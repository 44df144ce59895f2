//! What is in force while a stream is polled, and how long.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::{Answer, Count, Empty, OtherClient, TalkClient, answer, listen, other, question, tell, within};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Context, Priority, Request, Response, Status, Streaming};

use super::{a, answers, questions};

/// An `Other` that says how much time a call has, in ms, and its priority.
fn clock() -> OtherClient<e2e::OtherServer<e2e::Crew>> {
    OtherClient::new(other(|request| async move {
        let left = request.context().time_remaining();
        let left = left.map_or(-1, |left| i64::try_from(left.as_millis()).unwrap());
        let text = format!("{:?}", request.context().priority());
        Ok(Answer { big_number: left, text, ..Answer::default() }.into())
    }))
}

#[tokio::test(start_paused = true)]
async fn calls_that_a_stream_makes_inherit_what_its_handler_has() {
    let clock = clock();
    let client = TalkClient::new(listen(move |_| {
        let clock = clock.clone();
        async move {
            let ticks = stream::unfold(clock, |clock| async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let answer = clock.who(Empty {}).await.map(Response::into_inner);
                Some((answer, clock))
            });
            Ok(Response::stream(ticks))
        }
    }));
    let call = client.listen(question("")).timeout(Duration::from_secs(7)).priority(Priority::Sheddable);
    let mut stream = call.await.unwrap().into_inner();
    for left in [6000, 5000, 4000] {
        let given = stream.message().await.unwrap().unwrap();
        assert_eq!((given.big_number, &*given.text), (left, "Sheddable"));
        assert_eq!(Context::current(), Context::new());
    }
}

#[tokio::test(start_paused = true)]
async fn requests_are_polled_in_the_context_of_whoever_makes_the_call() {
    let inner = TalkClient::new(tell(|request| async move {
        let own = request.context().priority();
        let mut requests = request.into_inner();
        let mut last = String::new();
        while let Some(question) = requests.message().await? {
            last = question.text;
        }
        Ok(answer(format!("{own:?} {last}")))
    }));
    let call = move || {
        let asked = stream::once(async { question(format!("{:?}", Context::current().priority())) });
        inner.tell(asked).priority(Priority::Critical)
    };
    // Outside of any handler, and within one.
    assert_eq!(call().await.unwrap().into_inner().text, "Critical Default");
    let outer = OtherClient::new(other(move |_| call()));
    let given = outer.who(Empty {}).priority(Priority::Background).await.unwrap();
    assert_eq!(given.into_inner().text, "Critical Background");
}

#[tokio::test]
async fn tasks_of_a_stream_are_told_when_it_is_dropped_and_not_when_it_has_ended() {
    let contexts = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&contexts);
    let client = TalkClient::new(listen(move |_| {
        let kept = Arc::clone(&kept);
        async move {
            let context = nats_rpc::spawn(async { Context::current() }).await.unwrap();
            kept.lock().unwrap().push(context);
            let later = stream::once(async move {
                let context = nats_rpc::spawn(async { Context::current() }).await.unwrap();
                kept.lock().unwrap().push(context);
                Ok(a("two"))
            });
            Ok(Response::stream(answers(&["one"]).chain(later)))
        }
    }));
    let cancelled = || contexts.lock().unwrap().iter().map(Context::is_cancelled).collect::<Vec<_>>();

    let mut stream = client.listen(question("")).await.unwrap().into_inner();
    while stream.message().await.unwrap().is_some() {}
    drop(stream);
    assert_eq!(cancelled(), [false, false]);

    contexts.lock().unwrap().clear();
    let mut stream = client.listen(question("")).await.unwrap().into_inner();
    for _ in 0..2 {
        assert!(stream.message().await.unwrap().is_some());
        assert!(!cancelled().contains(&true));
    }
    drop(stream);
    assert_eq!(cancelled(), [true, true]);
}

#[tokio::test(start_paused = true)]
async fn tasks_of_a_stream_are_told_when_its_deadline_has_passed() {
    let told = Count::new();
    let tells = told.clone();
    let client = TalkClient::new(listen(move |_| {
        let tells = tells.clone();
        nats_rpc::spawn(async move {
            Context::current().cancelled().await;
            tells.add();
        });
        async { Ok(Response::stream(stream::pending())) }
    }));
    let call = client.listen(question("")).timeout(Duration::from_secs(3));
    let mut stream: Streaming<Answer> = call.await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::DeadlineExceeded);
    // The stream is still there.
    within("the task is told", told.reach(1)).await;
    assert_eq!(stream.message().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_ends_when_the_handler_that_reads_it_is_given_up() {
    let (reading, ended) = (Count::new(), Arc::new(Mutex::new(Vec::new())));
    for busy in [false, true] {
        let source = TalkClient::new(listen(move |_| async move {
            let stream: Streaming<Answer> = match busy {
                false => Streaming::new(stream::pending()),
                true => Streaming::new(stream::repeat_with(|| Ok(Answer::default()))),
            };
            Ok(stream.into())
        }));
        let (reads, ends) = (reading.clone(), Arc::clone(&ended));
        let client = OtherClient::new(other(move |_| {
            let (source, reads, ends) = (source.clone(), reads.clone(), Arc::clone(&ends));
            // A task goes on, but its stream does not.
            nats_rpc::spawn(async move {
                let mut stream = source.listen(question("")).await.unwrap().into_inner();
                reads.add();
                let status = loop {
                    tokio::task::yield_now().await;
                    match stream.message().await {
                        Ok(message) => assert!(message.is_some()),
                        Err(status) => break status,
                    }
                };
                ends.lock().unwrap().push(status.code());
            });
            pending()
        }));
        let call = tokio::spawn(client.who(Empty {}));
        within("the stream is read", reading.reach(usize::from(busy) + 1)).await;
        call.abort();
        e2e::until("the stream has ended", || ended.lock().unwrap().len() > usize::from(busy)).await;
    }
    assert_eq!(*ended.lock().unwrap(), [Code::Cancelled, Code::Cancelled]);
}

#[tokio::test]
async fn a_detached_stream_inherits_nothing() {
    let source = TalkClient::new(listen(|request: Request<_>| async move {
        let context = request.context().clone();
        assert_eq!((context.deadline(), context.priority()), (None, Priority::Default));
        Ok::<_, Status>(Response::stream(answers(&[])))
    }));
    let inner = TalkClient::new(tell(|request| async move {
        assert_eq!(request.context().deadline(), None);
        Ok(answer(""))
    }));
    let client = OtherClient::new(other(move |_| {
        let (source, inner) = (source.clone(), inner.clone());
        async move {
            source.listen(question("")).detached().await?;
            inner.tell(questions(&[])).detached().await
        }
    }));
    let call = client.who(Empty {}).timeout(e2e::LONG).priority(Priority::Sheddable);
    call.await.unwrap();
}
