//! What is too large.

use e2e::{Answer, Count, Question, World, answer, on_all, question};
use nats_rpc::details::DebugInfo;
use nats_rpc::{Code, Metadata, Origin, Reason, Request, Status};

const MIB: usize = 1024 * 1024;
/// Fits into a message of 1 MiB less the protocol's own reserve of 8 KiB.
const LARGE: usize = MIB - 9 * 1024;

fn bytes(len: usize) -> Question {
    Question { raw_bytes: vec![7; len], ..Question::default() }
}

fn metadata(len: usize) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("x-large", "x".repeat(len)).unwrap();
    metadata
}

on_all! {
    large_messages_pass,
    a_request_that_is_too_large_is_refused,
    a_response_that_is_too_large_is_an_error,
    metadata_of_a_request_has_a_limit,
    metadata_of_a_response_has_a_limit,
    an_error_that_is_too_large_keeps_its_code,
}

async fn large_messages_pass(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let raw_bytes = request.into_inner().raw_bytes;
            Ok(Answer { raw_bytes, ..Answer::default() }.into())
        })
        .await;
    for len in [30_000, 200_000, LARGE, MIB - 8 * 1024, MIB, 4 * MIB - 1024] {
        assert_eq!(client.ask(bytes(len)).await.unwrap().into_inner().raw_bytes, vec![7; len]);
    }
}

async fn a_request_that_is_too_large_is_refused(world: World) {
    let handled = Count::new();
    let counted = handled.clone();
    let (client, _server) = world
        .start(move |_| {
            counted.add();
            async { Ok(answer("here")) }
        })
        .await;
    for len in [4 * MIB, 5 * MIB, 100 * MIB] {
        let status = client.ask(bytes(len)).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Remote));
        assert!(
            status.is_not_processed() && status.message().contains("4194304"),
            "names the limit: {status}"
        );
    }
    client.ask(question("")).await.unwrap();
    assert_eq!(handled.get(), 1);
}

async fn a_response_that_is_too_large_is_an_error(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let len = request.get_ref().big_number.try_into().unwrap();
            Ok(Answer { raw_bytes: vec![7; len], ..Answer::default() }.into())
        })
        .await;
    for len in [4 * MIB, 5 * MIB, 100 * MIB] {
        let asked = Question { big_number: len.try_into().unwrap(), ..Question::default() };
        let status = client.ask(asked).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Local));
        assert_eq!(status.reason(), Some(Reason::TooLarge), "{status}");
        client.ask(question("")).await.unwrap();
    }
}

async fn metadata_of_a_request_has_a_limit(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            Ok(answer(request.metadata().get("x-large").unwrap_or_default().len().to_string()))
        })
        .await;
    let mut request = Request::new(question(""));
    *request.metadata_mut() = metadata(15_000);
    assert_eq!(client.ask(request.clone()).await.unwrap().into_inner().text, "15000");
    for len in [16 * 1024, 100_000, 2 * MIB] {
        *request.metadata_mut() = metadata(len);
        let status = client.ask(request.clone()).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Local));
        assert!(status.message().contains("metadata"), "{status}");
    }
    client.ask(question("")).await.unwrap();
}

async fn metadata_of_a_response_has_a_limit(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let mut given = answer("here");
            let asked = request.into_inner();
            let large = metadata(asked.big_number.try_into().unwrap());
            match &*asked.text {
                "head" => *given.metadata_mut() = large,
                "trailers" => *given.trailers_mut() = large,
                _ => {}
            }
            Ok(given)
        })
        .await;
    for place in ["head", "trailers"] {
        let ask =
            |len: usize| client.ask(Question { big_number: len.try_into().unwrap(), ..question(place) });
        ask(15_000).await.unwrap();
        for len in [16 * 1024, 2 * MIB] {
            let status = ask(len).await.unwrap_err();
            assert_eq!(
                (status.code(), status.origin()),
                (Code::ResourceExhausted, Origin::Remote),
                "{place}"
            );
            assert!(status.message().contains("metadata"), "{place}: {status}");
        }
        client.ask(question("")).await.unwrap();
    }
}

async fn an_error_that_is_too_large_keeps_its_code(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let status = match &*request.get_ref().text {
                "text" => Status::not_found("ä".repeat(MIB)),
                "details" => Status::not_found("gone")
                    .with_detail(&DebugInfo { detail: "x".repeat(MIB), ..DebugInfo::default() }),
                "metadata" => Status::not_found("gone").with_metadata(metadata(MIB)),
                _ => return Ok(answer("here")),
            };
            Err(status)
        })
        .await;
    for what in ["text", "details", "metadata"] {
        let status = client.ask(question(what)).await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::NotFound, Origin::Remote), "{what}");
        match what {
            "text" => assert!(status.message().starts_with("äää") && status.message().ends_with('ä')),
            _ => assert_eq!(status.message(), "gone", "{what}"),
        }
        client.ask(question("")).await.unwrap();
    }
}
