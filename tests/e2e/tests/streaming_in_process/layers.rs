//! Streams go through the tower layers of others.

use std::future::pending;
use std::time::Duration;

use e2e::{Answer, Count, TalkClient, answer, chat, listen, question, tell};
use futures_util::{StreamExt, stream};
use nats_rpc::raw::Call;
use nats_rpc::{Code, Response};
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::timeout::TimeoutLayer;
use tower::{Layer, ServiceBuilder};

use super::{a, answers, questions, texts};

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_until_the_stream_is_there() {
    let hasty = TimeoutLayer::new(Duration::from_secs(1));
    let dropped = Count::new();
    let drops = dropped.clone();
    let client = TalkClient::new(hasty.layer(chat(move |request| {
        let guard = drops.guard();
        async move {
            let _guard = guard;
            if request.metadata().get("x-wait").is_some() {
                pending::<()>().await;
            }
            let slow = stream::once(async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                Ok(a("late"))
            });
            Ok(Response::stream(slow))
        }
    })));
    let given = client.chat().send_all(questions(&[])).await.unwrap();
    assert_eq!(texts(given.into_inner()).await.unwrap(), ["late"]);
    let (mut sender, mut receiver) = client.chat().metadata("x-wait", "yes").await.unwrap().into_split();
    assert_eq!(receiver.metadata().await.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(dropped.get(), 2);
    assert!(sender.send(question("")).await.is_err());
}

#[tokio::test]
async fn a_limit_lets_calls_wait_before_they_are_made() {
    let service =
        ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(1)).service(chat(|request| async move {
            // The head waits for a request.
            let first = request.into_inner().message().await?.unwrap_or_default();
            Ok(Response::stream(answers(&[&first.text])))
        }));
    let client = TalkClient::new(service);
    let (mut sender, mut receiver) = client.chat().await.unwrap().into_split();
    let next = tokio::spawn(client.chat().send_all(questions(&["next"])));
    tokio::task::yield_now().await;
    assert!(!next.is_finished());
    sender.send(question("first")).await.unwrap();
    assert_eq!(receiver.message().await.unwrap(), Some(a("first")));
    assert_eq!(texts(next.await.unwrap().unwrap().into_inner()).await.unwrap(), ["next"]);
}

#[tokio::test]
async fn shed_load_is_known_before_the_call_is_made() {
    let layers = ServiceBuilder::new().layer(LoadShedLayer::new()).layer(ConcurrencyLimitLayer::new(1));
    let client = TalkClient::new(layers.service(chat(|_| pending())));
    let _first = client.chat().await.unwrap();
    let (_sender, mut receiver) = client.chat().await.unwrap().into_split();
    assert_eq!(receiver.message().await.unwrap_err().code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_layer_sees_which_instance_is_meant() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sees = std::sync::Arc::clone(&seen);
    let service = tell(|_| async { Ok(answer("here")) });
    let client = TalkClient::new(tower::util::MapRequest::new(service, move |call: Call| {
        sees.lock().unwrap().push(call.instance().map(str::to_owned));
        call
    }));
    client.tell(questions(&[])).await.unwrap();
    let one = client.on_instance("ONE");
    one.tell(questions(&[])).await.unwrap();
    one.on_instance(String::from("TWO")).tell(questions(&[])).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [None, Some("ONE".to_owned()), Some("ONE".to_owned())]);
}

#[tokio::test]
async fn a_stream_goes_through_a_type_that_is_forgotten() {
    let boxed =
        tower::util::BoxCloneSyncService::new(listen(|_| async { Ok(Response::stream(answers(&["one"]))) }));
    let client = TalkClient::new(boxed);
    let stream = client.listen(question("")).await.unwrap().into_inner();
    let all: Vec<Answer> = stream.map(Result::unwrap).collect().await;
    assert_eq!(all, [a("one")]);
}
