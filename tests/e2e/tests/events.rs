//! What a connection tells about itself.

use e2e::{LONG, ProbeClient, answer, probe, question, within};
use nats_rpc::transport::Event;
use nats_rpc::transport::nats::Builder;
use nats_rpc::{Channel, Code, Connection, Server};
use nats_server::Signal;
use tokio::sync::mpsc;

/// What has happened, in order.
struct Log(mpsc::UnboundedReceiver<Event>);

impl Log {
    /// Listens to a connection that is about to be built.
    fn of(builder: Builder) -> (Builder, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let builder = builder.on_event(move |event| {
            // Nobody may be listening any more.
            let _ = sender.send(event.clone());
        });
        (builder, Self(receiver))
    }

    async fn next(&mut self) -> Event {
        within("an event", self.0.recv()).await.expect("the connection is gone")
    }

    /// The first event that `want` likes, whatever comes before it.
    async fn find<T>(&mut self, want: impl Fn(&Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = want(&self.next().await) {
                return found;
            }
        }
    }

    /// Which server it is now connected to.
    async fn connected(&mut self) -> String {
        self.find(|event| match event {
            Event::Connected { server, .. } => Some(server.clone()),
            _ => None,
        })
        .await
    }
}

#[tokio::test]
async fn an_outage_is_told_from_its_beginning_to_its_end() {
    let mut server = nats_server::Server::start().unwrap();
    let (builder, mut log) = Log::of(Connection::builder().server(server.url()));
    let connection = builder.connect().await.unwrap();
    assert!(matches!(log.next().await, Event::Connected { server: at, .. } if at == server.url()));
    server.kill().unwrap();
    assert!(matches!(log.next().await, Event::Disconnected));
    let Event::ConnectFailed { status, .. } = log.next().await else { panic!("something else") };
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains(&server.port().to_string()), "names the server: {status}");
    server.restart().unwrap();
    assert_eq!(log.connected().await, server.url());
    assert!(connection.is_connected());
    drop(connection);
    assert!(within("the end", log.0.recv()).await.is_none(), "what the owner ends is no event");
}

#[tokio::test]
async fn a_callback_that_panics_harms_nobody() {
    let mut server = nats_server::Server::start().unwrap();
    let builder = Connection::builder().server(server.url());
    let connection = builder.on_event(|event| panic!("{event}, says the test")).connect().await.unwrap();
    server.kill().unwrap();
    e2e::until("it has noticed", || !connection.is_connected()).await;
    server.restart().unwrap();
    e2e::until("it is connected again", || connection.is_connected()).await;
}

#[tokio::test]
async fn a_server_about_to_stop_is_told_of() {
    let server = nats_server::Server::start().unwrap();
    let (builder, mut log) = Log::of(Connection::builder().server(server.url()));
    let _connection = builder.connect().await.unwrap();
    server.signal(Signal::LameDuck).unwrap();
    log.find(|event| matches!(event, Event::LameDuck).then_some(())).await;
}

/// The nodes of a cluster, once the first one knows them all.
async fn cluster(size: usize) -> Vec<nats_server::Server> {
    let mut nodes = vec![nats_server::Server::builder().cluster("c").start().unwrap()];
    while nodes.len() < size {
        nodes.push(nats_server::Server::builder().cluster("c").route(&nodes[0]).start().unwrap());
    }
    let known = || {
        let told = nodes[0].info().unwrap();
        nodes.iter().all(|node| told.contains(&format!(":{}", node.port())))
    };
    e2e::until("they have found each other", known).await;
    nodes
}

#[tokio::test]
async fn another_server_of_the_cluster_takes_over() {
    let mut nodes = cluster(3).await;
    let first = nodes[0].url();
    let (serving, mut served) = Log::of(Connection::builder().server(&*first));
    let (calling, mut called) = Log::of(Connection::builder().server(&*first));
    let (serving, calling) = (serving.connect().await.unwrap(), calling.connect().await.unwrap());
    let service = probe(|_| async { Ok(answer("here")) });
    let _server = Server::builder().add_service(service).start(serving).await.unwrap();
    let client = ProbeClient::new(Channel::new(calling));
    client.ask(question("")).timeout(LONG).await.unwrap();
    assert_eq!((served.connected().await, called.connected().await), (first.clone(), first.clone()));

    nodes[0].kill().unwrap();
    let others: Vec<_> = nodes[1..].iter().map(nats_server::Server::url).collect();
    for log in [&mut served, &mut called] {
        let server = log.connected().await;
        assert!(others.contains(&server), "{server} and {others:?}");
    }
    let begin = std::time::Instant::now();
    while let Err(status) = client.ask(question("")).timeout(LONG).await {
        // The nodes tell each other of the subscription.
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        assert!(begin.elapsed() < LONG, "the service does not come back");
    }
}

#[tokio::test]
async fn other_servers_can_be_ignored() {
    let mut nodes = cluster(2).await;
    let builder = Connection::builder().server(nodes[0].url()).ignore_discovered_servers();
    let (builder, mut log) = Log::of(builder);
    let connection = builder.connect().await.unwrap();
    nodes[0].kill().unwrap();
    let failed = |event: &Event| match event {
        Event::ConnectFailed { status, .. } => Some(status.clone()),
        _ => None,
    };
    let status = log.find(failed).await;
    assert!(!status.message().contains(&nodes[1].port().to_string()), "{status}");
    assert!(!connection.is_connected());
}
