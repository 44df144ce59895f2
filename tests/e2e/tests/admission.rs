//! What stands before a service: who calls, how often, and with what.

use std::time::{Duration, Instant};

use e2e::{
    Count, FeedClient, FeedServer, Feeder, LONG, Piece, ProbeClient, Question, World, answer, on_both, probe,
    question,
};
use futures_util::stream;
use nats_rpc::details::BadRequest;
use nats_rpc::layer::{
    AuthLayer, Credentials, Rate, RateLimitLayer, Token, TokenLayer, ValidateLayer, Violations,
};
use nats_rpc::server::Mount;
use nats_rpc::spec::RetrySpec;
use nats_rpc::{Channel, Code, Origin, Pushback, Status};
use tower::ServiceBuilder;

on_both! {
    a_token_becomes_the_principal_of_the_handler,
    one_call_too_many_is_refused_and_told_to_wait,
    a_client_waits_for_as_long_as_it_is_told,
    a_wrong_request_does_not_reach_its_handler,
    each_message_of_a_stream_is_checked,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct User(String);

/// Outside of tests a token is verified.
fn users(credentials: &Credentials<'_>) -> Result<User, Status> {
    match credentials.require_bearer()? {
        "stolen" => Err(Status::unauthenticated("the session is over")),
        token => Ok(User(token.to_owned())),
    }
}

fn with_token(channel: &Channel, token: &str) -> ProbeClient<impl nats_rpc::CallService> {
    let token = TokenLayer::new(Token::new(token).unwrap());
    ProbeClient::new(ServiceBuilder::new().layer(token).service(channel.clone()))
}

async fn a_token_becomes_the_principal_of_the_handler(world: World) {
    let probe = probe(|request| async move {
        let User(name) = request.principal()?;
        Ok(answer(name))
    });
    let auth = AuthLayer::new(users).allow_without(|method| method.name() == "Nothing");
    let _server = world.serve(Mount::new(probe).layer(auth)).await;
    let channel = world.channel().await;
    for name in ["ada", "eve"] {
        let given = with_token(&channel, name).ask(question("")).timeout(LONG).await.unwrap();
        assert_eq!(given.into_inner().text, name);
    }
    let status = with_token(&channel, "stolen").ask(question("")).timeout(LONG).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unauthenticated, Origin::Remote), "{status}");
    assert_eq!(status.message(), "the session is over");
    let nobody = ProbeClient::new(channel);
    let status = nobody.ask(question("")).timeout(LONG).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unauthenticated, Origin::Remote), "{status}");
    nobody.nothing(e2e::Empty {}).timeout(LONG).await.unwrap();
}

async fn one_call_too_many_is_refused_and_told_to_wait(world: World) {
    let handled = Count::new();
    let handles = handled.clone();
    let probe = probe(move |_| {
        handles.add();
        async { Ok(answer("")) }
    });
    let limit = RateLimitLayer::per_principal::<User>(Rate::per_minute(5));
    let _server = world.serve(Mount::new(probe).layer(limit).layer(AuthLayer::new(users))).await;
    let channel = world.channel().await;
    for name in ["ada", "eve"] {
        let client = with_token(&channel, name);
        for _ in 0..5 {
            client.ask(question("")).timeout(LONG).await.unwrap();
        }
        let once = client.ask(question("")).retry(RetrySpec::off()).timeout(LONG);
        let status = once.await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Remote), "{status}");
        assert!(status.is_not_processed());
        let Some(Pushback::After(wait)) = status.pushback() else { panic!("no pushback: {status:?}") };
        // One in 12 seconds, of which some may be over.
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(12), "{wait:?}");
    }
    assert_eq!(handled.get(), 10);
}

async fn a_client_waits_for_as_long_as_it_is_told(world: World) {
    let limit = RateLimitLayer::new(Rate::per_second(10).with_burst(2));
    let _server = world.serve(Mount::new(probe(|_| async { Ok(answer("")) })).layer(limit)).await;
    let client = world.client().await;
    let begin = Instant::now();
    for _ in 0..12 {
        client.ask(question("")).timeout(LONG).await.unwrap();
    }
    let took = begin.elapsed();
    println!("12 calls at 10 a second, 2 of them at once: {took:?}");
    // One every 100 ms after the first two.
    assert!(took >= Duration::from_millis(990), "{took:?}");
}

fn has_text(asked: &Question) -> Result<(), Status> {
    let mut violations = Violations::new();
    violations.require(!asked.text.is_empty(), "text", "is empty");
    violations.require(asked.big_number >= 0, "big_number", "is negative");
    violations.into_result()
}

async fn a_wrong_request_does_not_reach_its_handler(world: World) {
    let handled = Count::new();
    let handles = handled.clone();
    let probe = probe(move |request| {
        handles.add();
        async { Ok(answer(request.into_inner().text)) }
    });
    let _server = world.serve(Mount::new(probe).layer(ValidateLayer::new().check(has_text))).await;
    let client = world.client().await;
    assert_eq!(client.ask(question("fine")).timeout(LONG).await.unwrap().into_inner().text, "fine");
    let wrong = Question { big_number: -1, ..question("") };
    let status = client.ask(wrong).timeout(LONG).await.unwrap_err();
    assert_eq!(status.to_string(), "INVALID_ARGUMENT: text is empty; big_number is negative");
    let fields: Vec<_> =
        status.detail::<BadRequest>().unwrap().field_violations.into_iter().map(|one| one.field).collect();
    assert_eq!(fields, ["text", "big_number"]);
    client.nothing(e2e::Empty {}).timeout(LONG).await.unwrap();
    assert_eq!(handled.get(), 1);
}

async fn each_message_of_a_stream_is_checked(world: World) {
    let small = |piece: &Piece| match piece.number {
        0..3 => Ok(()),
        number => Err(Status::invalid_argument(format!("there is no piece {number}"))),
    };
    let service = FeedServer::new(Feeder::default());
    let _server = world.serve(Mount::new(service).layer(ValidateLayer::new().check(small))).await;
    let client = FeedClient::new(world.channel().await);
    let pieces = |count| stream::iter((0..count).map(|number| Piece::new(number, 10)));
    let total = client.upload(pieces(3)).timeout(LONG).await.unwrap().into_inner();
    assert_eq!(total.count, 3);
    let status = client.upload(pieces(5)).timeout(LONG).await.unwrap_err();
    assert_eq!(status.to_string(), "INVALID_ARGUMENT: there is no piece 3");
}
