//! What claims to be a NATS server and is none, or has lost its mind.

use std::time::Duration;

use e2e::{LONG, question, until};
use nats_rpc::{Channel, Code, Connection, Origin};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const INFO: &str = "INFO {\"server_id\":\"x\",\"max_payload\":1048576,\"headers\":true}\r\n";

/// Where a server listens that does this with whoever connects.
async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket));
        }
    });
    format!("nats://127.0.0.1:{port}")
}

#[tokio::test]
async fn what_is_no_server_is_said_to_be_none() {
    for (said, why) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "something else"),
        ("PING\r\n", "something else"),
        ("INFO what?\r\n", "an INFO that is none"),
        ("INFO {}\r\nHELLO\r\n", "an unknown operation"),
        ("-ERR 'maximum connections exceeded'\r\n", "maximum connections exceeded"),
        ("", "has closed the connection"),
    ] {
        let url = server(move |mut socket| async move {
            // It may have gone already.
            let _ = socket.write_all(said.as_bytes()).await;
            let _ = socket.shutdown().await;
            let _ = socket.read_to_end(&mut Vec::new()).await;
        });
        let connecting = tokio::time::timeout(LONG, Connection::connect(url.await));
        let status = connecting.await.expect(said).unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
        assert!(status.message().contains(why), "{said:?}: {status}");
    }
}

/// Does as a server does, until somebody publishes to a service; then says `nonsense`.
async fn until_called(socket: TcpStream, nonsense: &'static [u8]) {
    let mut socket = BufReader::new(socket);
    let (mut line, mut answer) = (Vec::new(), INFO.as_bytes());
    // Ends when the other side has ended.
    while socket.write_all(answer).await.is_ok() {
        line.clear();
        if socket.read_until(b'\n', &mut line).await.is_ok_and(|count| count == 0) {
            return;
        }
        answer = match &line[..] {
            b"PING\r\n" => b"PONG\r\n",
            [b'S', b'U', b'B', ..] if line.windows(3).any(|part| part == b".>.") => {
                b"-ERR 'Invalid Subject'\r\n"
            }
            [b'P', b'U', b'B', b' ', b's', b'v', b'c', ..] => nonsense,
            _ => b"",
        };
    }
}

#[tokio::test]
async fn a_server_that_loses_its_mind_is_left_and_calls_fail_at_once() {
    for nonsense in [
        b"WHAT?\r\n".as_slice(),
        b"MSG a b c d e f\r\n",
        b"MSG _INBOX.x 1 99999999999\r\n",
        b"MSG _INBOX.x 1 2\r\nlonger\r\n",
        &[0xff; 64],
        b"\n",
    ] {
        let url = server(move |socket| until_called(socket, nonsense)).await;
        let builder = Connection::builder().server(url).ping_interval(Duration::from_millis(100));
        let connection = builder.connect().await.unwrap();
        let client = e2e::ProbeClient::new(Channel::bare(connection.clone()));
        let call = client.ask(question("")).timeout(LONG * 10);
        let status = tokio::time::timeout(LONG, call).await.expect("hangs").unwrap_err();
        let shown = nonsense.escape_ascii();
        assert_eq!(
            (status.code(), status.origin()),
            (Code::Unavailable, Origin::Transport),
            "{shown}: {status}"
        );
        // And connects again.
        until("connected again", || connection.is_connected()).await;
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_noticed() {
    let url = server(|socket| until_called(socket, b"")).await;
    let proxy = e2e::Proxy::to_port(url.rsplit(':').next().unwrap().parse().unwrap()).await;
    let builder = Connection::builder().server(proxy.url()).ping_interval(Duration::from_millis(100));
    let connection = builder.connect().await.unwrap();
    proxy.stall();
    until("it is noticed", || !connection.is_connected()).await;
}
