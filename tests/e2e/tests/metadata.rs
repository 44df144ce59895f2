//! Metadata there and back.

use e2e::{Count, World, answer, on_both, question};
use nats_rpc::{Code, Metadata, Origin, Request};

fn every_byte() -> Vec<u8> {
    (0..=255).collect()
}

fn sample() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.append("x-one", " printable ~ ASCII, with commas ").unwrap();
    metadata.append("x-many", "first").unwrap();
    metadata.append("x-empty", "").unwrap();
    metadata.append("x-many", "second").unwrap();
    metadata.append_bin("x-raw-bin", every_byte()).unwrap();
    metadata.append_bin("x-raw-bin", Vec::new()).unwrap();
    metadata.append("x-many", "first").unwrap();
    metadata.append("X-UPPER_case.Key", "Value").unwrap();
    metadata
}

/// Not by `==` alone: it says what a user reads.
fn check(metadata: &Metadata) {
    assert_eq!(metadata.get("x-one"), Some(" printable ~ ASCII, with commas "));
    assert_eq!(metadata.get_all("x-many").collect::<Vec<_>>(), ["first", "second", "first"]);
    assert_eq!(metadata.get("x-empty"), Some(""));
    assert_eq!(metadata.get_all_bin("x-raw-bin").collect::<Vec<_>>(), [&every_byte()[..], &[]]);
    assert_eq!(metadata.get("x-upper_case.key"), Some("Value"));
    assert_eq!(*metadata, sample());
}

on_both! {
    it_reaches_the_handler,
    it_can_be_added_to_a_call,
    a_response_carries_it_before_and_after,
    without_any_there_is_none,
    what_is_not_allowed_is_refused_before_sending,
}

async fn it_reaches_the_handler(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            check(request.metadata());
            Ok(answer("yes"))
        })
        .await;
    let mut request = Request::new(question(""));
    *request.metadata_mut() = sample();
    assert_eq!(client.ask(request).await.unwrap(), answer("yes"));
}

async fn it_can_be_added_to_a_call(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let metadata = request.metadata();
            assert_eq!(metadata.get_all("x-key").collect::<Vec<_>>(), ["1", "2", "3"]);
            assert_eq!(metadata.get_bin("x-key-bin"), Some(&[0, 255][..]));
            assert!(metadata.iter().all(|(key, _)| key == "x-key" || key == "x-key-bin"), "{metadata:?}");
            Ok(answer("yes"))
        })
        .await;
    let mut request = Request::new(question(""));
    request.metadata_mut().insert("X-Key", "1").unwrap();
    let call = client
        .ask(request)
        .metadata("x-key", "2")
        .metadata("X-KEY", "3")
        .metadata_bin("x-key-bin", vec![0, 255]);
    assert_eq!(call.await.unwrap(), answer("yes"));
}

async fn a_response_carries_it_before_and_after(world: World) {
    let (client, _server) = world
        .start(|_| async move {
            let mut given = answer("yes");
            *given.metadata_mut() = sample();
            given.metadata_mut().insert("x-where", "before").unwrap();
            *given.trailers_mut() = sample();
            given.trailers_mut().insert("x-where", "after").unwrap();
            Ok(given)
        })
        .await;
    let mut given = client.ask(question("")).await.unwrap();
    assert_eq!(given.metadata().get_all("x-where").collect::<Vec<_>>(), ["before"]);
    assert_eq!(given.trailers().get_all("x-where").collect::<Vec<_>>(), ["after"]);
    given.metadata_mut().remove("x-where");
    given.trailers_mut().remove("x-where");
    check(given.metadata());
    check(given.trailers());
    assert_eq!(given.get_ref().text, "yes");
}

async fn without_any_there_is_none(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            assert!(request.metadata().is_empty());
            Ok(answer("yes"))
        })
        .await;
    let given = client.ask(question("")).await.unwrap();
    assert!(given.metadata().is_empty() && given.trailers().is_empty());
}

async fn what_is_not_allowed_is_refused_before_sending(world: World) {
    let handled = Count::new();
    let counted = handled.clone();
    let (client, _server) = world
        .start(move |_| {
            counted.add();
            async { Ok(answer("")) }
        })
        .await;
    for (key, value, reason) in [
        ("grpc-timeout", "1S", "reserved"),
        ("Nats-Service-Error", "x", "reserved"),
        ("content-type", "text/plain", "reserved"),
        ("x key", "x", "a key is made of"),
        ("", "x", "a key is made of"),
        ("x-key", "ünïcode", "printable ASCII"),
        ("x-key", "two\nlines", "printable ASCII"),
        ("x-key-bin", "text", "-bin"),
    ] {
        let status = client.ask(question("")).metadata(key, value).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{key:?}");
        assert_eq!(status.origin(), Origin::Local, "{key:?}");
        assert!(status.message().contains(reason), "{key:?}: {status}");
    }
    let status = client.ask(question("")).metadata_bin("x-key", vec![1]).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(handled.get(), 0);
    client.ask(question("")).await.unwrap();
    assert_eq!(handled.get(), 1);
}
