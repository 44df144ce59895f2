//! What users may not do, by the NATS server's configuration.

use std::sync::{Arc, Mutex};

use e2e::{LONG, ProbeClient, answer, probe, question, until};
use futures_util::future::join_all;
use nats_rpc::transport::{Denial, Event, Operation};
use nats_rpc::{Channel, Code, Connection, Origin, Server};

/// All that each side needs, as `docs/wire.md` has it.
const LEAST: &str = r#"authorization { users = [
    { user: service, password: x, permissions: {
        publish: ["_INBOX.>", "svc.e2e.v1.Probe.*", "$SRV.INFO"]
        subscribe: ["svc.e2e.v1.Probe.* q", "svc.e2e.v1.Probe._group", "svc.e2e.v1.Probe._i.*.>", "svc.e2e.v1.Probe._all.*",
            "_INBOX.service.>", "$SRV.PING", "$SRV.PING.>", "$SRV.INFO", "$SRV.INFO.>", "$SRV.STATS", "$SRV.STATS.>"] } }
    { user: client, password: x, permissions: {
        publish: ["svc.e2e.v1.Probe.*", "svc.e2e.v1.Probe._i.*.s", "svc.e2e.v1.Probe._i.*.h"]
        subscribe: ["_INBOX.client.>"] } }
    { user: stranger, password: x, permissions: {
        publish: ["_INBOX.>"]
        subscribe: ["_INBOX.stranger.>"] } }
] }"#;

fn start() -> nats_server::Server {
    nats_server::Server::builder().config(LEAST).start().unwrap()
}

/// What has been denied to a connection, or told it as an error of any other kind.
#[derive(Clone, Default)]
struct Denials(Arc<Mutex<Vec<Result<Denial, String>>>>);

impl Denials {
    fn all(&self) -> Vec<Result<Denial, String>> {
        self.0.lock().unwrap().clone()
    }

    fn is(&self, operation: Operation, subject: &str) -> bool {
        let of = |denial: &Denial| denial.operation == operation && denial.subject == subject;
        self.all().iter().any(|told| told.as_ref().is_ok_and(of))
    }
}

fn builder(server: &nats_server::Server, user: &str) -> (nats_rpc::transport::nats::Builder, Denials) {
    let denials = Denials::default();
    let told = denials.clone();
    let builder = Connection::builder()
        .server(server.url())
        .user_and_password(user, "x")
        .inbox_prefix(format!("_INBOX.{user}"))
        .on_event(move |event| match event {
            Event::PermissionDenied(denial) => told.0.lock().unwrap().push(Ok(denial.clone())),
            Event::ServerError { text, .. } => told.0.lock().unwrap().push(Err(text.clone())),
            _ => {}
        });
    (builder, denials)
}

#[tokio::test]
async fn the_least_is_enough() {
    let server = start();
    let ((serving, told), (calling, told_too)) = (builder(&server, "service"), builder(&server, "client"));
    let service = probe(|_| async { Ok(answer("here")) });
    let service = Server::builder().add_service(service).start(serving.connect().await.unwrap());
    let service = service.await.unwrap();
    let client = ProbeClient::new(Channel::new(calling.connect().await.unwrap()));
    for _ in 0..10 {
        assert_eq!(client.ask(question("")).timeout(LONG).await.unwrap().get_ref().text, "here");
    }
    service.shutdown().await;
    assert_eq!((told.all(), told_too.all()), (vec![], vec![]), "nobody is told of what does not matter");
    let log = server.log().unwrap();
    assert!(!log.contains("Subscription Violation"), "{log}");
}

#[tokio::test]
async fn an_inbox_of_others_is_denied() {
    let server = start();
    // Both who may publish to it, and who may not.
    for user in ["service", "client", "stranger"] {
        let (builder, told) = builder(&server, user);
        let connect = builder.inbox_prefix("_INBOX.ada").connect();
        let status = tokio::time::timeout(LONG, connect).await.expect("at once").unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::PermissionDenied, Origin::Transport), "{status}");
        for part in ["\"_INBOX.ada.", "subscribe", "inbox prefix"] {
            assert!(status.message().contains(part), "{part}: {status}");
        }
        assert!(
            matches!(&told.all()[..], [Ok(denial)] if denial.operation == Operation::Subscribe),
            "{:?}",
            told.all()
        );
    }
}

/// Many at once, by several threads: the refusals come by another way than what they are waited for with.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_service_that_may_not_subscribe_does_not_start() {
    let server = start();
    // One who may not publish to the own inbox, and one who may.
    let starting = (0..20).map(|n| {
        let (builder, _) = builder(&server, if n % 2 == 0 { "client" } else { "stranger" });
        tokio::spawn(async move {
            let connection = builder.connect().await.unwrap();
            let service = probe(|_| async { Ok(answer("here")) });
            let status = Server::builder().add_service(service).start(connection.clone()).await.unwrap_err();
            let kind = (status.code(), status.origin());
            assert_eq!(kind, (Code::PermissionDenied, Origin::Transport), "{status}");
            for part in ["\"svc.e2e.v1.Probe.", "subscribe permissions"] {
                assert!(status.message().contains(part), "{part}: {status}");
            }
            assert!(connection.is_connected(), "for other services");
        })
    });
    for outcome in join_all(starting.collect::<Vec<_>>()).await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn a_service_with_too_many_subscriptions_does_not_start() {
    // The inbox, and one method of three.
    let server = nats_server::Server::builder().config("max_subscriptions: 2").start().unwrap();
    let connection = Connection::connect(server.url()).await.unwrap();
    let starting = Server::builder().add_service(probe(|_| async { Ok(answer("here")) })).start(connection);
    let status = starting.await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::ResourceExhausted, Origin::Transport), "{status}");
    assert!(status.message().contains("max_subscriptions"), "{status}");
}

#[tokio::test]
async fn denied_publishing_is_told() {
    let server = start();
    let (builder, told) = builder(&server, "stranger");
    let client = ProbeClient::new(Channel::new(builder.connect().await.unwrap()));
    let call = tokio::spawn(client.ask(question("")).timeout(LONG));
    until("it is told", || told.is(Operation::Publish, "svc.e2e.v1.Probe.Ask")).await;
    call.abort();
}

#[tokio::test]
async fn denied_publishing_ends_the_call_at_once() {
    let server = start();
    let (builder, _) = builder(&server, "stranger");
    let client = ProbeClient::new(Channel::new(builder.connect().await.unwrap()));
    let begin = std::time::Instant::now();
    let calls = (0..20).map(|_| client.ask(question("")).timeout(LONG));
    for outcome in join_all(calls).await {
        let status = outcome.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::PermissionDenied, Origin::Transport), "{status}");
        for part in ["\"svc.e2e.v1.Probe.Ask\"", "publish permissions"] {
            assert!(status.message().contains(part), "{part}: {status}");
        }
    }
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn an_inbox_can_be_taken_away() {
    let server = start();
    let (builder, told) = builder(&server, "client");
    let connection = builder.connect().await.unwrap();
    let without = LEAST.replace("_INBOX.client.>", "_INBOX.nobody.>");
    std::fs::write(server.dir().join("nats.conf"), without).unwrap();
    server.signal(nats_server::Signal::Reload).unwrap();
    until("it has noticed", || !connection.is_connected()).await;
    let client = ProbeClient::new(Channel::new(connection));
    let status = client.ask(question("")).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::PermissionDenied, Origin::Transport), "{status}");
    assert!(!told.all().is_empty());
}
