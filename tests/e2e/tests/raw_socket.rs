//! Messages that no library sends.

use std::time::{Duration, Instant};

use e2e::{LONG, Options, ProbeClient, Program, RawSocket, World, question};
use nats_rpc::Code;

const ASK: &str = "svc.e2e.v1.Probe.Ask";

/// Headers that are none. `async-nats` gives the connection up at most of them.
const MALFORMED: [(&str, &[u8]); 17] = [
    ("no version", b"\r\n\r\n"),
    ("nothing", b""),
    ("another version", b"NATS/2.0\r\nkey: value\r\n\r\n"),
    ("another protocol", b"HTTP/1.1 200 OK\r\n\r\n"),
    ("a version without an end", b"NATS/1.0"),
    ("half a version", b"NATS/1"),
    ("no colon", b"NATS/1.0\r\nkey value\r\n\r\n"),
    ("no name", b"NATS/1.0\r\n: value\r\n\r\n"),
    ("a space in a name", b"NATS/1.0\r\na key: value\r\n\r\n"),
    ("a name that is not ASCII", "NATS/1.0\r\nclé: value\r\n\r\n".as_bytes()),
    ("a control character in a name", b"NATS/1.0\r\nk\x01y: value\r\n\r\n"),
    ("bytes that are no text", b"NATS/1.0\r\nkey: \xff\xfe\x80\r\n\r\n"),
    ("a zero byte", b"NATS/1.0\r\nkey: a\0b\r\n\r\n"),
    ("a lone carriage return in a value", b"NATS/1.0\r\nkey: a\rb\r\n\r\n"),
    ("lone line feeds", b"NATS/1.0\nkey: value\n\n"),
    ("a status that is no number", b"NATS/1.0 abc\r\n\r\n"),
    ("a status of too many digits", b"NATS/1.0 99999999999999999999 no\r\n\r\n"),
];

/// Calls until this process answers again. It may have lost its connection, but not its life.
async fn answers_again(client: &ProbeClient, instance: &Program, what: &str) {
    let begin = Instant::now();
    loop {
        // What comes behind the malformed message on its connection is lost: that is not worth a long wait.
        match client.ask(question("pid")).timeout(Duration::from_millis(250)).await {
            Ok(answer) => return assert_eq!(answer.into_inner().text, instance.pid().to_string(), "{what}"),
            Err(status) => {
                let lost = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded);
                assert!(lost && begin.elapsed() < LONG, "{what}: {status}: {:?}", instance.lines());
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_server_survives_malformed_headers() {
    let world = World::nats();
    let mut instance = Program::instance(&world.options()).await;
    let client = world.client().await;
    let mut socket = RawSocket::connect(world.server().port()).await;
    for (what, headers) in MALFORMED {
        for payload in [&b""[..], b"payload"] {
            socket.publish(ASK, Some("nobody.listens"), headers, payload).await;
            socket.settle().await;
            answers_again(&client, &instance, what).await;
        }
    }
    assert!(instance.terminate().await.success());
}

/// What is sent to everybody's inbox: whoever is in the account can.
#[tokio::test]
async fn a_client_survives_malformed_headers() {
    let world = World::nats();
    let instance = Program::instance(&world.options()).await;
    let options = Options::new(world.url()).inbox_prefix("_INBOX.known");
    let client = ProbeClient::new(options.channel().await.unwrap());
    let mut socket = RawSocket::connect(world.server().port()).await;
    // The only part of an inbox that nobody knows.
    socket.subscribe(ASK).await;
    client.ask(question("pid")).await.unwrap();
    let inbox = socket.next().await.reply.unwrap();
    let (connection, _) = inbox.rsplit_once('.').unwrap();
    let token = format!("{connection}.0000000000000000");
    for (what, headers) in MALFORMED {
        socket.publish(&token, None, headers, b"").await;
        answers_again(&client, &instance, what).await;
    }
}

#[tokio::test]
async fn a_message_made_by_hand_is_a_call() {
    let world = World::nats();
    let instance = Program::instance(&world.options()).await;
    let mut socket = RawSocket::connect(world.server().port()).await;
    socket.subscribe("own.inbox").await;
    for headers in [
        "NATS/1.0\r\nContent-Type: application/json\r\n\r\n",
        "NATS/1.0\r\ncontent-type:application/json \r\n\r\n",
    ] {
        let payload = br#"{"text":"pid"}"#;
        socket.publish(ASK, Some("own.inbox"), headers.as_bytes(), payload).await;
        let answer = String::from_utf8(socket.next().await.payload).unwrap();
        assert!(answer.contains(&format!("\"text\":\"{}\"", instance.pid())), "{answer}");
    }
}
