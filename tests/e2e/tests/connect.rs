//! What can go wrong before the first call.

use std::time::Duration;

use e2e::{World, answer, on_both, probe, question};
use nats_rpc::{Code, Connection, Origin, Server, Status};

const PASSWORDS: &str = "authorization { users = [{ user: ada, password: lovelace }] }";

#[tokio::test]
async fn nobody_listens() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let status = Connection::connect(format!("nats://127.0.0.1:{port}")).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport));
    assert!(status.message().contains(&format!("127.0.0.1:{port}")), "names the address: {status}");
}

#[tokio::test]
async fn the_url_is_none() {
    let mut wrong = Vec::new();
    for url in [
        "nats://a b",
        "http://127.0.0.1:4222",
        "://",
        "nats://127.0.0.1:port",
        "nats://",
        "ws://127.0.0.1:80",
    ] {
        let outcome = tokio::time::timeout(e2e::LONG, Connection::connect(url)).await.expect(url);
        let status = outcome.unwrap_err();
        if status.code() != Code::InvalidArgument || !status.message().contains(url) {
            wrong.push(format!("{url:?}: {status}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn one_of_several_is_enough() {
    let world = World::nats();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for _ in 0..5 {
        let url = format!("nats://127.0.0.1:{port}, {}", world.url());
        assert!(Connection::connect(url).await.unwrap().is_connected());
    }
}

#[tokio::test]
async fn every_server_that_was_tried_is_named() {
    let ports: Vec<_> = (0..2)
        .map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
        .collect();
    let builder = Connection::builder().server(format!("nats://127.0.0.1:{}", ports[0]));
    let status = builder.server(format!("nats://127.0.0.1:{}", ports[1])).connect().await.unwrap_err();
    for port in ports {
        assert!(status.message().contains(&format!("127.0.0.1:{port}")), "{port}: {status}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", mute.local_addr().unwrap());
    let connect = Connection::builder().server(url).connect_timeout(Duration::from_millis(200)).connect();
    let begin = std::time::Instant::now();
    let status = connect.await.unwrap_err();
    assert!(begin.elapsed() < e2e::LONG / 2, "{:?}", begin.elapsed());
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
}

/// Connects with this user and password.
async fn login(server: &nats_server::Server, user: &str, password: &str) -> Result<Connection, Status> {
    Connection::builder().server(server.url()).user_and_password(user, password).connect().await
}

#[tokio::test]
async fn the_password_is_wrong() {
    let server = nats_server::Server::builder().config(PASSWORDS).start().unwrap();
    for status in [
        login(&server, "ada", "byron").await.unwrap_err(),
        login(&server, "eve", "lovelace").await.unwrap_err(),
        Connection::connect(server.url()).await.unwrap_err(),
    ] {
        assert_eq!(status.code(), Code::Unauthenticated, "{status}");
        assert!(!status.message().contains("byron"), "tells a password: {status}");
    }
    assert!(login(&server, "ada", "lovelace").await.unwrap().is_connected());
}

#[tokio::test]
async fn the_password_may_be_in_the_url() {
    let server = nats_server::Server::builder().config(PASSWORDS).start().unwrap();
    let url = |password: &str| format!("nats://ada:{password}@127.0.0.1:{}", server.port());
    let status = Connection::connect(url("byron")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
    assert!(!status.message().contains("byron"), "tells a password: {status}");
    assert!(Connection::connect(url("lovelace")).await.unwrap().is_connected());
}

#[tokio::test]
async fn the_largest_message_is_too_small() {
    for (limit, fits) in [(32 * 1024 - 1, false), (32 * 1024, true)] {
        let server = nats_server::Server::builder().config(format!("max_payload: {limit}")).start().unwrap();
        match Connection::connect(server.url()).await {
            Ok(_) => assert!(fits, "{limit}"),
            Err(status) => {
                assert_eq!(status.code(), Code::FailedPrecondition, "{limit}: {status}");
                assert!(!fits && status.message().contains("max_payload"), "{limit}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn a_small_limit_of_the_server_holds() {
    let server = nats_server::Server::builder().config("max_payload: 65536").start().unwrap();
    let connection = Connection::connect(server.url()).await.unwrap();
    let probe = probe(|request| async move {
        let len = request.get_ref().big_number.try_into().unwrap();
        Ok(e2e::Answer { raw_bytes: vec![7; len], ..e2e::Answer::default() }.into())
    });
    let _server = Server::builder().add_service(probe).start(connection.clone()).await.unwrap();
    let client = e2e::ProbeClient::new(nats_rpc::Channel::new(connection));
    // Anything larger would end the connection, so it goes in pieces.
    for len in [50_000, 60_000, 65_536, 3_000_000] {
        let raw_bytes = vec![7; len];
        let asked = e2e::Question { raw_bytes, big_number: len.try_into().unwrap(), ..question("") };
        assert_eq!(client.ask(asked).await.unwrap().into_inner().raw_bytes.len(), len);
    }
}

#[tokio::test]
async fn the_inbox_can_be_chosen() {
    let permissions = r#"authorization { users = [{ user: ada, password: x, permissions: {
        subscribe: ["_INBOX.ada.>", "svc.>"] } }] }"#;
    let server = nats_server::Server::builder().config(permissions).start().unwrap();
    let builder = Connection::builder().server(server.url()).name("ada").inbox_prefix("_INBOX.ada");
    let connection = builder.user_and_password("ada", "x").connect().await.unwrap();
    let _server = Server::builder()
        .add_service(probe(|_| async { Ok(answer("here")) }))
        .start(connection.clone())
        .await
        .unwrap();
    let client = e2e::ProbeClient::new(nats_rpc::Channel::new(connection));
    let given = client.ask(question("")).timeout(Duration::from_secs(20)).await.unwrap();
    assert_eq!(given.into_inner().text, "here");
}

on_both! {
    a_server_needs_a_service,
    two_services_can_not_have_one_subject,
}

async fn a_server_needs_a_service(world: World) {
    let status = Server::builder().start(world.connect().await).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
}

async fn two_services_can_not_have_one_subject(world: World) {
    let double = || probe(|_| async { Ok(answer("")) });
    let server = Server::builder().add_service(double()).add_service(double());
    let status = server.start(world.connect().await).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("svc.e2e.v1.Probe"), "names the subject: {status}");
    // Nothing of it is served.
    let status = world.client().await.ask(question("")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}
