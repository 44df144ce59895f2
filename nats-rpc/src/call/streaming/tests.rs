use futures_util::{StreamExt, stream};

use super::{Event, Streaming};
use crate::call::{IntoStreamingRequest, Request, Response};
use crate::metadata::Metadata;
use crate::status::{Code, Status};

fn responses(events: Vec<Result<Event, Status>>) -> Streaming<usize> {
    Streaming::from_events(Box::pin(stream::iter(events)), |bytes| match bytes.len() {
        0 => Err(Status::internal("nothing")),
        length => Ok(length),
    })
}

fn trailers(value: &'static str) -> Metadata {
    let mut trailers = Metadata::new();
    trailers.insert("x-key", value).unwrap();
    trailers
}

fn values(stream: &Streaming<usize>) -> Vec<&str> {
    stream.trailers().unwrap().get_all("x-key").collect()
}

#[tokio::test]
async fn messages_then_trailers() {
    let mut stream = responses(vec![Ok(Event::Message("four".into())), Ok(Event::Trailers(trailers("a")))]);
    assert_eq!(stream.next().await.unwrap().unwrap(), 4);
    assert!(stream.trailers().is_none());
    assert!(stream.next().await.is_none());
    assert_eq!(values(&stream), ["a"]);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn stopping_without_an_end_is_an_error() {
    let mut stream = responses(vec![Ok(Event::Message("x".into()))]);
    assert_eq!(stream.message().await.unwrap(), Some(1));
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Internal);
    assert_eq!(stream.message().await.unwrap(), None);
    assert!(stream.trailers().is_none());
}

#[tokio::test]
async fn an_error_is_the_last_item() {
    let broken = Ok(Event::Message("".into()));
    let mut stream = responses(vec![broken, Ok(Event::Message("x".into()))]);
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Internal);
    assert_eq!(stream.message().await.unwrap(), None);

    let mut local = Streaming::new(stream::iter([Ok(1), Err(Status::aborted("")), Ok(2)]));
    assert_eq!(local.message().await.unwrap(), Some(1));
    assert_eq!(local.message().await.unwrap_err().code(), Code::Aborted);
    assert_eq!(local.message().await.unwrap(), None);
}

#[tokio::test]
async fn trailers_are_told_at_a_good_end_in_their_order() {
    let events = || vec![Ok(Event::Trailers(trailers("a")))];
    let mut stream = responses(events()).with_trailers(|| trailers("b")).with_trailers(|| trailers("c"));
    assert_eq!(stream.message().await.unwrap(), None);
    assert_eq!(values(&stream), ["a", "b", "c"]);

    let mut failing: Streaming<usize> = Streaming::new(stream::iter([Err(Status::aborted(""))]));
    failing = failing.with_trailers(|| panic!("told"));
    assert!(failing.message().await.is_err());
    assert_eq!(failing.message().await.unwrap(), None);
    assert!(failing.trailers().is_none());
}

#[tokio::test]
async fn one_that_is_handed_on_keeps_its_trailers() {
    let events = vec![Ok(Event::Message("four".into())), Ok(Event::Trailers(trailers("a")))];
    let mut handed_on = Response::stream(responses(events)).into_inner();
    assert_eq!(handed_on.message().await.unwrap(), Some(4));
    assert_eq!(handed_on.message().await.unwrap(), None);
    assert_eq!(values(&handed_on), ["a"]);
}

#[tokio::test]
async fn requests_are_streams_of_messages_and_what_is_handed_on() {
    async fn sum(requests: impl IntoStreamingRequest<u32>) -> (Result<u32, Status>, Metadata) {
        let (mut stream, metadata, _) = requests.into_streaming_request().into_parts();
        let mut sum = 0;
        loop {
            match stream.message().await {
                Ok(Some(number)) => sum += number,
                Ok(None) => return (Ok(sum), metadata),
                Err(status) => return (Err(status), metadata),
            }
        }
    }
    assert_eq!(sum(stream::iter([1, 2, 3])).await.0.unwrap(), 6);
    let mut request = Request::new(stream::iter([1, 2]));
    *request.metadata_mut() = trailers("a");
    let (total, metadata) = sum(request).await;
    assert_eq!((total.unwrap(), metadata), (3, trailers("a")));
    let broken = Streaming::new(stream::iter([Ok(1), Err(Status::cancelled(""))]));
    assert_eq!(sum(Request::new(broken)).await.0.unwrap_err().code(), Code::Cancelled);
}

#[test]
fn it_can_be_sent_and_shared_whatever_it_holds() {
    fn both<T: Send + Sync>() {}
    both::<Streaming<u32>>();
    both::<Response<Streaming<u32>>>();
}
