use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nats_rpc::server::Handle;
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Connection, Request, Response, Server, Status};

use crate::tap::Tap;

pub(crate) const ASK: &str = "svc.test.v1.Oracle.Ask";

#[nats_rpc::service(package = "test.v1")]
pub trait Oracle {
    /// Answers with the question, unless that says what else to do.
    async fn ask(&self, request: Request<String>) -> Result<Response<String>, Status>;
    /// Takes its time.
    async fn ponder(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

/// Counts what runs, and what has come to its end or was given up.
#[derive(Clone, Default)]
pub(crate) struct Node {
    pub(crate) begun: Arc<AtomicU32>,
    pub(crate) over: Arc<AtomicU32>,
}

struct Over(Arc<AtomicU32>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Oracle for Node {
    async fn ask(&self, request: Request<String>) -> Result<Response<String>, Status> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _over = Over(Arc::clone(&self.over));
        let question = request.into_inner();
        match question.split_once(' ') {
            Some(("fail", _)) => Err(Status::not_found(question)),
            Some(("panic", _)) => panic!("{question}"),
            Some(("wait", millis)) => {
                tokio::time::sleep(Duration::from_millis(millis.parse().unwrap())).await;
                Ok(question.into())
            }
            Some(("long", length)) => Ok("x".repeat(length.parse().unwrap()).into()),
            _ => Ok(question.into()),
        }
    }

    async fn ponder(&self, request: Request<String>) -> Result<Response<String>, Status> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(request.into_inner().into())
    }
}

/// A service, a channel that knows it, and what goes by between them.
pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) node: Node,
    pub(crate) server: Handle,
    pub(crate) channel: Channel,
    pub(crate) client: OracleClient,
    pub(crate) tap: Tap,
}

pub(crate) async fn connect(broker: &Broker, name: &str) -> Connection {
    broker.connect_with(Options::new().name(name)).await.unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|channel| channel).await
    }

    pub(crate) async fn with(change: impl FnOnce(Channel) -> Channel) -> Self {
        let (broker, node) = (Broker::new(), Node::default());
        let server = Server::builder().add_service(OracleServer::new(node.clone()));
        let server = server.start(connect(&broker, "server").await).await.unwrap();
        let channel = change(Channel::new(connect(&broker, "client").await));
        let client = OracleClient::new(channel.clone());
        // So that the channel knows what the service takes and how long its methods are busy.
        client.ask("first".to_owned()).await.unwrap();
        client.ponder("first".to_owned()).await.unwrap();
        let tap = Tap::new(&broker);
        Self { broker, node, server, channel, client, tap }
    }

    /// Asks all of this at the same time.
    pub(crate) async fn ask_all(&self, questions: &[String]) -> Vec<Result<String, Status>> {
        ask_all(&self.client, questions).await
    }
}

pub(crate) async fn ask_all(client: &OracleClient, questions: &[String]) -> Vec<Result<String, Status>> {
    let calls = questions.iter().map(|question| client.ask(question.clone()));
    let answers = futures_util::future::join_all(calls).await;
    answers.into_iter().map(|answer| answer.map(Response::into_inner)).collect()
}

/// So many different questions.
pub(crate) fn questions(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("question-{n}")).collect()
}
