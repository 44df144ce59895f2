//! One kind of client for both brokers, and accounts for it.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use nats_rpc::transport::memory::{Broker, Client, Export, Message, Options, Response, Subscriber};

/// `a` imports services of `b`; what they are called says how they may be answered.
const CONFIG: &str = r#"
    accounts {
        a {
            users: [{ user: a, password: a }]
            imports: [
                { service: { account: b, subject: "one.>" } }
                { service: { account: b, subject: "many.>" } }
                { service: { account: b, subject: "brief.one.>" } }
                { service: { account: b, subject: "brief.many.>" } }
            ]
        }
        b {
            users: [{ user: b, password: b }]
            exports: [
                { service: "one.>" }
                { service: "many.>", response_type: stream }
                { service: "brief.one.>", threshold: "300ms" }
                { service: "brief.many.>", response_type: stream, threshold: "300ms" }
            ]
        }
    }
"#;

/// A real server with the accounts.
pub(crate) struct Nats(nats_server::Server);

impl Nats {
    pub(crate) fn start() -> Self {
        Self(nats_server::Server::builder().config(CONFIG).start().unwrap())
    }

    pub(crate) async fn client(&self, account: &str) -> Raw {
        let options = async_nats::ConnectOptions::with_user_and_password(account.into(), account.into());
        Raw::Nats(options.connect(self.0.url()).await.unwrap())
    }
}

/// Two real servers with a route between them.
pub(crate) struct Cluster([nats_server::Server; 2]);

impl Cluster {
    pub(crate) fn start() -> Self {
        let builder = |name| nats_server::Server::builder().name(name).cluster("parity");
        let first = builder("a").start().unwrap();
        let second = builder("b").route(&first).start().unwrap();
        Self([first, second])
    }

    pub(crate) async fn client(&self, node: usize) -> Raw {
        Raw::Nats(async_nats::connect(self.0[node].url()).await.unwrap())
    }
}

/// The broker within the process with the same accounts.
pub(crate) fn memory() -> Broker {
    let broker = Broker::new();
    broker.import("a", &Export::new("b", "one.>"));
    broker.import("a", &Export::new("b", "many.>").response(Response::Stream));
    let brief = |pattern| Export::new("b", pattern).threshold(Duration::from_millis(300));
    broker.import("a", &brief("brief.one.>"));
    broker.import("a", &brief("brief.many.>").response(Response::Stream));
    broker
}

pub(crate) fn memory_client(broker: &Broker, account: &str) -> Raw {
    Raw::Memory(broker.client(&Options::new().account(account)).unwrap())
}

pub(crate) fn memory_on_node(broker: &Broker, node: &str) -> Raw {
    Raw::Memory(broker.client(&Options::new().node(node)).unwrap())
}

/// A client of either.
pub(crate) enum Raw {
    Nats(async_nats::Client),
    Memory(Client),
}

impl Raw {
    pub(crate) async fn publish(&self, subject: &str, reply: Option<&str>, payload: &str) {
        let (subject, payload) = (subject.to_owned(), payload.to_owned());
        match (self, reply.map(str::to_owned)) {
            (Self::Nats(client), None) => client.publish(subject, payload.into()).await.unwrap(),
            (Self::Nats(client), Some(reply)) => {
                client.publish_with_reply(subject, reply, payload.into()).await.unwrap();
            }
            (Self::Memory(client), reply) => client.publish(&subject, reply.as_deref(), payload),
        }
    }

    /// Subscribes, and sees that the server knows it.
    pub(crate) async fn subscribe(&self, pattern: &str, group: Option<&str>) -> Sub {
        let sub = match (self, group) {
            (Self::Nats(client), None) => Sub::Nats(client.subscribe(pattern.to_owned()).await.unwrap()),
            (Self::Nats(client), Some(group)) => {
                Sub::Nats(client.queue_subscribe(pattern.to_owned(), group.to_owned()).await.unwrap())
            }
            (Self::Memory(client), group) => Sub::Memory(client.subscribe(pattern, group).unwrap()),
        };
        self.settle().await;
        sub
    }

    /// Everything this client published has been worked on, and everything that was sent to it has arrived.
    pub(crate) async fn settle(&self) {
        // A name that no pattern of the scripts covers.
        let own = format!("$settle.{}", self.new_inbox());
        let mut sub = match self {
            Self::Nats(client) => Sub::Nats(client.subscribe(own.clone()).await.unwrap()),
            Self::Memory(client) => Sub::Memory(client.subscribe(&own, None).unwrap()),
        };
        self.publish(&own, None, "").await;
        sub.next().await;
    }

    fn new_inbox(&self) -> String {
        match self {
            Self::Nats(client) => client.new_inbox(),
            Self::Memory(client) => client.new_inbox(),
        }
    }
}

/// A subscription of either.
pub(crate) enum Sub {
    Nats(async_nats::Subscriber),
    Memory(Subscriber),
}

impl Sub {
    /// The next message.
    pub(crate) async fn next(&mut self) -> Message {
        let next = async {
            match self {
                Self::Nats(sub) => sub.next().await.map(message),
                Self::Memory(sub) => sub.next().await,
            }
        };
        let next = tokio::time::timeout(e2e::LONG, next).await.expect("no message");
        next.expect("the connection has ended")
    }

    pub(crate) async fn unsubscribe_after(&mut self, count: u64) {
        match self {
            Self::Nats(sub) => sub.unsubscribe_after(count).await.unwrap(),
            Self::Memory(sub) => sub.unsubscribe_after(count),
        }
    }

    /// What has arrived, one word for each message.
    pub(crate) fn seen(&mut self) -> Vec<String> {
        std::iter::from_fn(|| match self {
            Self::Nats(sub) => tokio::task::unconstrained(sub.next()).now_or_never().flatten().map(message),
            Self::Memory(sub) => sub.try_next(),
        })
        .map(|message| word(&message))
        .collect()
    }
}

fn message(message: async_nats::Message) -> Message {
    let mut own = Message::new(message.subject.into_string(), message.payload);
    own.reply = message.reply.map(async_nats::Subject::into_string);
    own.no_responders = message.status == Some(async_nats::StatusCode::NO_RESPONDERS);
    for (name, values) in message.headers.iter().flat_map(async_nats::HeaderMap::iter) {
        own.headers.extend(values.iter().map(|value| (name.to_string(), value.to_string())));
    }
    own
}

/// A message in short, without what is random.
fn word(message: &Message) -> String {
    let text = String::from_utf8_lossy(&message.payload);
    let subject = if message.subject.starts_with("_R_.") { "_R_" } else { &message.subject };
    let reply = match message.reply.as_deref() {
        None => String::new(),
        Some(reply) if reply.starts_with("_R_.") => " <_R_>".to_owned(),
        Some(reply) => format!(" <{reply}>"),
    };
    // A server says in a header what the 503 is about.
    let mut headers: String = message.headers.iter().map(|(name, _)| format!(" +{name}")).collect();
    if message.no_responders {
        headers.clear();
    }
    let body = if message.no_responders { "503" } else { &text };
    format!("{subject}{reply}{headers}: {body}")
}
