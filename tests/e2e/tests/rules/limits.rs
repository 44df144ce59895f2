//! The longest message that a side receives.

use e2e::{World, on_both};
use futures_util::{StreamExt, stream};
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Code, Compression, Response, Server, Status};

use super::ready;
use super::service::{RulesClient, RulesServer, Scripted};

on_both! {
    zero_is_a_limit_of_responses,
    zero_is_a_limit_of_requests,
    it_is_one_of_each_request,
    it_is_one_of_each_response,
    what_came_before_a_message_that_is_too_large_is_read,
    it_is_one_of_uncompressed_messages,
}

/// Texts of these lengths, ready at once. One that is not empty is two or three bytes longer when it is encoded.
fn texts(lengths: &str) -> Vec<String> {
    lengths.split_whitespace().map(|length| "x".repeat(length.parse().unwrap())).collect()
}

/// `watch` answers with texts of the lengths that it is told, `upload` with the number of texts, `chat` with each.
fn service() -> Scripted {
    Scripted::default()
        .ask(|request| async move { Ok(texts(request.get_ref()).remove(0).into()) })
        .watch(|request| async move { Ok(Response::stream(stream::iter(ready(texts(request.get_ref()))))) })
        .upload(|request| async move {
            let mut requests = request.into_inner();
            let mut count = 0;
            while requests.message().await?.is_some() {
                count += 1;
            }
            Ok(count.to_string().into())
        })
        .chat(|request| async move { Ok(Response::stream(request.into_inner())) })
}

async fn serve(world: &World, max_message: Option<usize>) -> Handle {
    let server = Server::builder().add_service(RulesServer::new(service())).compression(Compression::GZIP);
    let server = max_message.into_iter().fold(server, nats_rpc::server::Builder::max_message);
    server.start(world.connect().await).await.unwrap()
}

async fn limited(world: &World, max_message: usize) -> RulesClient {
    RulesClient::new(world.channel().await.with_max_message(max_message))
}

/// The lengths of the responses, and how they end.
async fn watched(client: &RulesClient, lengths: &str) -> (Vec<usize>, Result<(), Code>) {
    let responses = client.watch(lengths.to_owned()).await;
    let mut responses = match responses {
        Ok(responses) => responses.into_inner(),
        Err(status) => return (Vec::new(), Err(status.code())),
    };
    let mut received = Vec::new();
    loop {
        match responses.message().await {
            Ok(Some(text)) => received.push(text.len()),
            Ok(None) => return (received, Ok(())),
            Err(status) => return (received, Err(status.code())),
        }
    }
}

async fn uploaded(client: &RulesClient, lengths: &str) -> Result<String, Code> {
    let response = client.upload(stream::iter(texts(lengths))).await;
    response.map(Response::into_inner).map_err(|status| status.code())
}

#[track_caller]
fn exhausted<T: std::fmt::Debug>(outcome: Result<T, Status>) {
    assert_eq!(outcome.unwrap_err().code(), Code::ResourceExhausted);
}

async fn zero_is_a_limit_of_responses(world: World) {
    let _server = serve(&world, None).await;
    let client = limited(&world, 0).await;
    assert_eq!(client.ask("0".to_owned()).await.unwrap().into_inner(), "");
    exhausted(client.ask("1".to_owned()).await);
    exhausted(client.ask("2000000".to_owned()).await);
    assert_eq!(watched(&client, "0 0 0").await, (vec![0; 3], Ok(())));
    assert_eq!(watched(&client, "1").await, (vec![], Err(Code::ResourceExhausted)));
    assert_eq!(watched(&client, "2000000").await, (vec![], Err(Code::ResourceExhausted)));
    assert_eq!(client.ask("0".to_owned()).await.unwrap().into_inner(), "", "others go on");
}

async fn zero_is_a_limit_of_requests(world: World) {
    let _server = serve(&world, Some(0)).await;
    let client = RulesClient::new(world.channel().await);
    exhausted(client.ask("0".to_owned()).await);
    exhausted(client.ask("x".repeat(2_000_000)).await);
    assert_eq!(watched(&client, "").await, (vec![], Ok(())));
    assert_eq!(watched(&client, "1").await, (vec![], Err(Code::ResourceExhausted)));
    assert_eq!(uploaded(&client, "0 0 0").await.unwrap(), "3");
    for lengths in ["1", "0 1", "0 20000", "2000000"] {
        assert_eq!(uploaded(&client, lengths).await, Err(Code::ResourceExhausted), "{lengths}");
    }
}

/// Not of what is sent together.
async fn it_is_one_of_each_request(world: World) {
    let _server = serve(&world, Some(100)).await;
    let client = RulesClient::new(world.channel().await);
    assert_eq!(uploaded(&client, &"80 ".repeat(50)).await.unwrap(), "50");
    // Over what a first frame carries, so that others follow.
    assert_eq!(uploaded(&client, &"80 ".repeat(1000)).await.unwrap(), "1000");
    assert_eq!(uploaded(&client, &("80 ".repeat(50) + "200")).await, Err(Code::ResourceExhausted));
    let responses = client.chat().send_all(stream::iter(texts(&"80 ".repeat(50)))).await.unwrap();
    assert_eq!(responses.into_inner().count().await, 50);
}

async fn it_is_one_of_each_response(world: World) {
    let _server = serve(&world, None).await;
    let client = limited(&world, 100).await;
    assert_eq!(watched(&client, &"80 ".repeat(1000)).await, (vec![80; 1000], Ok(())));
}

async fn what_came_before_a_message_that_is_too_large_is_read(world: World) {
    let _server = serve(&world, None).await;
    let client = limited(&world, 100).await;
    for too_large in ["200", "20000", "2000000"] {
        let (received, end) = watched(&client, &format!("1 50 {too_large} 1")).await;
        assert_eq!((received, end), (vec![1, 50], Err(Code::ResourceExhausted)), "{too_large}");
    }
}

/// These are a hundred times shorter on their way.
async fn it_is_one_of_uncompressed_messages(world: World) {
    let _server = serve(&world, Some(10_000)).await;
    let channel = world.channel().await.with_compression(Compression::GZIP);
    let client = RulesClient::new(Channel::clone(&channel));
    assert_eq!(uploaded(&client, "9000 9000").await.unwrap(), "2");
    for lengths in ["11000", "9000 11000", "9000 9000 3000000"] {
        assert_eq!(uploaded(&client, lengths).await, Err(Code::ResourceExhausted), "{lengths}");
    }
    exhausted(client.ask("1 ".repeat(6_000)).await);

    let client = RulesClient::new(channel.with_max_message(10_000));
    assert_eq!(watched(&client, "9000 9000").await, (vec![9000; 2], Ok(())));
    exhausted(client.ask("11000".to_owned()).await);
    for too_large in ["11000", "3000000"] {
        let (received, end) = watched(&client, &format!("9000 {too_large}")).await;
        assert_eq!((received, end), (vec![9000], Err(Code::ResourceExhausted)), "{too_large}");
    }
}
