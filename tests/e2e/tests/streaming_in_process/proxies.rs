//! A service hands on what another one sends: messages, metadata, trailers and errors.

use e2e::{Question, TalkClient, TalkServer, Talker, answer, chat, listen, question, tell};
use futures_util::{StreamExt, stream};
use nats_rpc::{Code, Metadata, Response, Status, Streaming};

use super::{a, answers, questions, texts};

fn trailers(value: &'static str) -> Metadata {
    let mut trailers = Metadata::new();
    trailers.insert("x-key", value).unwrap();
    trailers
}

fn source() -> TalkClient<TalkServer<Talker>> {
    TalkClient::new(listen(|request| async move {
        let end = match &*request.get_ref().text {
            "fail" => Some(Err(Status::aborted("no").with_metadata(trailers("source")))),
            _ => None,
        };
        let stream = Streaming::new(answers(&["one"]).chain(stream::iter(end)));
        let mut response = Response::new(stream.with_trailers(|| trailers("source")));
        response.metadata_mut().insert("x-key", "head")?;
        Ok(response)
    }))
}

#[tokio::test]
async fn a_response_is_handed_on_as_it_is() {
    let source = source();
    let proxy = TalkClient::new(listen(move |request| source.listen(request)));
    let response = proxy.listen(question("")).await.unwrap();
    assert_eq!(response.metadata().get("x-key"), Some("head"));
    let mut stream = response.into_inner();
    assert_eq!(stream.message().await.unwrap(), Some(a("one")));
    assert_eq!(stream.message().await.unwrap(), None);
    assert_eq!(stream.trailers(), Some(&trailers("source")));
    let mut failing = proxy.listen(question("fail")).await.unwrap().into_inner();
    assert_eq!(failing.message().await.unwrap(), Some(a("one")));
    let status = failing.message().await.unwrap_err();
    assert_eq!((status.code(), status.metadata()), (Code::Aborted, &trailers("source")));
}

#[tokio::test]
async fn trailers_can_be_added_to_a_stream_that_is_handed_on() {
    let source = source();
    let proxy = TalkClient::new(listen(move |request| {
        let source = source.clone();
        async move {
            let stream = source.listen(request).await?.into_inner();
            let mut response = Response::stream(stream.with_trailers(|| trailers("proxy")));
            *response.trailers_mut() = trailers("response");
            Ok(response)
        }
    }));
    let mut stream = proxy.listen(question("")).await.unwrap().into_inner();
    while stream.message().await.unwrap().is_some() {}
    let all: Vec<_> = stream.trailers().unwrap().get_all("x-key").collect();
    assert_eq!(all, ["response", "source", "proxy"]);
}

#[tokio::test]
async fn requests_are_handed_on_with_their_failures() {
    let last = TalkClient::new(tell(|request| async move {
        let mut requests = request.into_inner();
        let mut count = 0;
        while let Ok(Some(_)) = requests.message().await {
            count += 1;
        }
        Ok(answer(format!("{count} came")))
    }));
    let proxy = TalkClient::new(tell(move |request| last.tell(request)));
    assert_eq!(proxy.tell(questions(&["a", "b"])).await.unwrap().into_inner().text, "2 came");
    let failing = stream::iter([Ok(question("a")), Err(Status::out_of_range("no more"))]);
    let failing: Streaming<Question> = Streaming::new(failing);
    let status = proxy.tell(failing).await.unwrap_err();
    assert_eq!(status.to_string(), "OUT_OF_RANGE: no more");
}

#[tokio::test]
async fn both_directions_are_handed_on() {
    let last = TalkClient::new(chat(|request| async move {
        let answers = request.into_inner().map(|asked| Ok(a(&asked?.text)));
        Ok(Response::new(Streaming::new(answers).with_trailers(|| trailers("last"))))
    }));
    let proxy = TalkClient::new(chat(move |request| last.chat().send_all(request)));
    let (mut sender, mut receiver) = proxy.chat().await.unwrap().into_split();
    for text in ["one", "two"] {
        sender.send(question(text)).await.unwrap();
        assert_eq!(receiver.message().await.unwrap(), Some(a(text)));
    }
    sender.close();
    assert_eq!(receiver.message().await.unwrap(), None);
    assert_eq!(receiver.trailers(), Some(&trailers("last")));
    let given = proxy.chat().send_all(questions(&["a"])).await.unwrap();
    assert_eq!(texts(given.into_inner()).await.unwrap(), ["a"]);
}
