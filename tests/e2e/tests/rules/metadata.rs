//! Metadata of each place, up to the 8 KiB that gRPC recommends, and beyond what fits into a frame.

use e2e::{World, on_both};
use futures_util::stream;
use nats_rpc::{Code, Metadata, Request, Response, Status};

use super::service::{RulesClient, Scripted};
use super::{ready, start};

const EIGHT_KIB: usize = 8 * 1024;

on_both! {
    eight_kib_pass_in_each_place,
    what_does_not_fit_is_an_error,
}

fn metadata(length: usize) -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("x-large", "x".repeat(length)).unwrap();
    metadata
}

fn length(metadata: &Metadata) -> usize {
    metadata.get("x-large").map_or(0, str::len)
}

/// What a caller asks for: so much before, and so much after the response, which may be an error.
struct Asked {
    head: usize,
    trailers: usize,
    fails: bool,
}

fn asked(metadata: &Metadata) -> Asked {
    let number = |key| metadata.get(key).unwrap().parse().unwrap();
    Asked { head: number("x-head"), trailers: number("x-trailers"), fails: metadata.get("x-fails").is_some() }
}

/// Responds with the length of the request's metadata.
fn respond<T>(sent: &Metadata, response: impl FnOnce(String) -> Response<T>) -> Result<Response<T>, Status> {
    let Asked { head, trailers, fails } = asked(sent);
    if fails {
        let status = Status::aborted(length(sent).to_string());
        return Err(status.with_response_metadata(metadata(head)).with_metadata(metadata(trailers)));
    }
    let mut response = response(length(sent).to_string());
    *response.metadata_mut() = metadata(head);
    *response.trailers_mut() = metadata(trailers);
    Ok(response)
}

fn service() -> Scripted {
    Scripted::default()
        .ask(|request| async move { respond(request.metadata(), Response::new) })
        .watch(|request| async move {
            respond(request.metadata(), |text| Response::stream(stream::iter(ready([text]))))
        })
        .upload(|request| async move { respond(request.metadata(), Response::new) })
        .chat(|request| async move {
            respond(request.metadata(), |text| Response::stream(stream::iter(ready([text]))))
        })
}

/// Lengths of the metadata that came: at the service, before and after the response.
type Came = (String, usize, usize);

async fn all(
    client: &RulesClient,
    sent: usize,
    head: usize,
    trailers: usize,
    fails: bool,
) -> Vec<Result<Came, Status>> {
    let mut own = metadata(sent);
    own.insert("x-head", head.to_string()).unwrap();
    own.insert("x-trailers", trailers.to_string()).unwrap();
    if fails {
        own.insert("x-fails", "yes").unwrap();
    }
    let request = || {
        let mut request = Request::new(String::new());
        *request.metadata_mut() = own.clone();
        request
    };
    let requests = || {
        let mut request = Request::new(stream::iter([String::new()]));
        *request.metadata_mut() = own.clone();
        request
    };
    let one = |response: Response<String>| {
        let (head, trailers) = (length(response.metadata()), length(response.trailers()));
        (response.into_inner(), head, trailers)
    };
    let many = async |response: Result<Response<nats_rpc::Streaming<String>>, Status>| {
        let response = response?;
        let head = length(response.metadata());
        let mut responses = response.into_inner();
        let text = responses.message().await?.unwrap();
        assert_eq!(responses.message().await?, None);
        Ok((text, head, length(responses.trailers().unwrap())))
    };
    vec![
        client.ask(request()).await.map(one),
        client.upload(requests()).await.map(one),
        many(client.watch(request()).await).await,
        many(client.chat().send_all(requests()).await).await,
    ]
}

async fn eight_kib_pass_in_each_place(world: World) {
    let (client, _server) = start(&world, service()).await;
    // An end without a head before it carries both, in one frame of 16 KiB.
    for (sent, head, trailers) in [(EIGHT_KIB, 10, 10), (10, EIGHT_KIB, 10), (10, 10, EIGHT_KIB)] {
        for outcome in all(&client, sent, head, trailers, false).await {
            assert_eq!(outcome.unwrap(), (sent.to_string(), head, trailers));
        }
        for outcome in all(&client, sent, head, trailers, true).await {
            let status = outcome.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::Aborted, &*sent.to_string()));
            assert_eq!(length(status.response_metadata()), head);
            assert_eq!(length(status.metadata()), trailers);
        }
    }
    // A stream has a frame for each.
    for outcome in all(&client, EIGHT_KIB, EIGHT_KIB, EIGHT_KIB, false).await.split_off(2) {
        assert_eq!(outcome.unwrap(), (EIGHT_KIB.to_string(), EIGHT_KIB, EIGHT_KIB));
    }
}

/// The call ends, and says why. An error of the service keeps its code.
async fn what_does_not_fit_is_an_error(world: World) {
    const TOO_LARGE: usize = 17 * 1024;
    let (client, _server) = start(&world, service()).await;
    for (sent, head, trailers) in [(TOO_LARGE, 10, 10), (10, TOO_LARGE, 10), (10, 10, TOO_LARGE)] {
        for (kind, outcome) in all(&client, sent, head, trailers, false).await.into_iter().enumerate() {
            let status = outcome.unwrap_err();
            assert_eq!(status.code(), Code::ResourceExhausted, "{kind}: {sent} {head} {trailers}: {status}");
            assert!(status.message().contains("metadata"), "{kind}: {status}");
        }
        for outcome in all(&client, sent, head, trailers, true).await {
            let code = if sent == TOO_LARGE { Code::ResourceExhausted } else { Code::Aborted };
            assert_eq!(outcome.unwrap_err().code(), code);
        }
    }
    for outcome in all(&client, 10, 10, 10, false).await {
        assert!(outcome.is_ok(), "others go on");
    }
}
