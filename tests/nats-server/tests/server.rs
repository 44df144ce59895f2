//! Starts real servers.

use nats_server::{Server, Signal, locate};
use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    panic,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const LIMIT: Duration = Duration::from_secs(30);

/// A connection that has said hello, and got an answer to a ping.
fn connect(server: &Server) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", server.port()))?;
    let mut reader = BufReader::new(stream);
    reader.read_line(&mut String::new())?;
    reader.get_mut().write_all(b"CONNECT {\"verbose\":false}\r\n")?;
    ping(&mut reader)?;
    Ok(reader)
}

fn ping(connection: &mut BufReader<TcpStream>) -> io::Result<String> {
    connection.get_mut().write_all(b"PING\r\n")?;
    let mut line = String::new();
    connection.read_line(&mut line)?;
    Ok(line)
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < LIMIT, "{what}: not in {LIMIT:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn accepts(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn serves_until_dropped() {
    let server = Server::start().unwrap();
    assert_eq!(ping(&mut connect(&server).unwrap()).unwrap(), "PONG\r\n");
    assert_eq!(server.url(), format!("nats://127.0.0.1:{}", server.port()));
    let (port, dir) = (server.port(), server.dir().to_owned());
    drop(server);
    assert!(!accepts(port));
    assert!(!dir.exists());
}

#[test]
fn tells_about_itself() {
    let mut server = Server::builder().monitoring(true).start().unwrap();
    assert!(server.monitor("/varz").unwrap().contains("\"server_id\""));
    server.restart().unwrap();
    assert!(server.monitor("/connz").unwrap().contains("\"num_connections\""));
    assert!(server.monitor("/nothing").is_err());
    assert!(Server::start().unwrap().monitor("/varz").is_err());
}

#[test]
fn two_servers_have_ports_of_their_own() {
    let (one, two) = (Server::start().unwrap(), Server::start().unwrap());
    assert_ne!(one.port(), two.port());
}

#[test]
fn takes_name_config_and_jetstream() {
    let server = Server::builder().name("sam").jetstream(true).config("max_payload: 2048").start().unwrap();
    let info = server.info().unwrap();
    for part in [r#""server_name":"sam""#, r#""jetstream":true"#, r#""max_payload":2048"#] {
        assert!(info.contains(part), "{part} in {info}");
    }
}

#[test]
fn a_bad_config_is_an_error_with_the_log() {
    let error = Server::builder().config("no_such_option: 1").start().unwrap_err().to_string();
    assert!(error.contains("did not start") && error.contains("no_such_option"), "{error}");
}

#[test]
fn comes_back_on_the_same_port() {
    let mut server = Server::start().unwrap();
    let port = server.port();

    server.kill().unwrap();
    assert!(!accepts(port));
    assert_eq!(server.pid(), None);
    server.restart().unwrap();
    assert_eq!(server.port(), port);

    let before = server.pid();
    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), before);

    server.stop().unwrap();
    assert!(!accepts(port));
    assert!(server.log().unwrap().contains("Server Exiting"), "stopped in good order");
    server.stop().unwrap();
    server.kill().unwrap();
}

#[test]
fn a_paused_server_answers_when_resumed() {
    let mut server = Server::start().unwrap();
    let mut connection = connect(&server).unwrap();

    server.pause().unwrap();
    let silence = Some(Duration::from_millis(100));
    connection.get_ref().set_read_timeout(silence).unwrap();
    let error = ping(&mut connection).unwrap_err();
    assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{error}");

    server.resume().unwrap();
    connection.get_ref().set_read_timeout(Some(LIMIT)).unwrap();
    let mut line = String::new();
    connection.read_line(&mut line).unwrap();
    assert_eq!(line, "PONG\r\n");

    server.pause().unwrap();
    server.stop().unwrap();
    assert!(server.signal(Signal::Reload).is_err());
}

#[test]
fn three_make_a_cluster_and_one_may_be_killed() {
    let one = Server::builder().name("one").cluster("abc").start().unwrap();
    let two = Server::builder().name("two").cluster("abc").route(&one).start().unwrap();
    let mut three = Server::builder().name("three").cluster("abc").route(&one).start().unwrap();
    let knows = |server: &Server, other: &Server| {
        let port = format!(":{}\"", other.port());
        server.info().is_ok_and(|info| info.contains("connect_urls") && info.contains(&port))
    };
    until("all know all", || knows(&one, &two) && knows(&one, &three) && knows(&two, &three));
    three.kill().unwrap();
    until("three is gone", || !knows(&one, &three) && !knows(&two, &three));
    three.restart().unwrap();
    until("three is back", || knows(&one, &three) && knows(&two, &three));
}

#[test]
fn ends_with_a_panic() {
    let port = panic::catch_unwind(|| {
        let server = Server::start().unwrap();
        panic::resume_unwind(Box::new(server.port()));
    })
    .unwrap_err();
    assert!(!accepts(*port.downcast::<u16>().unwrap()));
}

/// Runs this test program again, has that start a server it never drops, and kills it.
#[test]
fn ends_with_a_killed_process() {
    const CHILD: &str = "NATS_SERVER_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        let server = Server::start().unwrap();
        println!("\nserver {} {}", server.port(), server.dir().display());
        io::stdin().read_line(&mut String::new()).unwrap();
        unreachable!("killed before");
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "ends_with_a_killed_process", "--nocapture"])
        .env(CHILD, "1")
        .env("NATS_SERVER_BIN", locate().unwrap().path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| line.unwrap().strip_prefix("server ").map(str::to_owned)).unwrap();
    let (port, dir) = line.split_once(' ').unwrap();
    let port = port.parse().unwrap();
    assert!(accepts(port));
    child.kill().unwrap();
    child.wait().unwrap();
    until("the server is gone", || !accepts(port) && fs::metadata(dir).is_err());
}
