use async_nats::Subject;
use bytes::Bytes;
use futures_util::StreamExt;
use nats_rpc::transport::memory;

use crate::LONG;

/// Sees everything that is published on a broker.
#[derive(Debug)]
pub struct Observer(Kind);

#[derive(Debug)]
enum Kind {
    Nats(async_nats::Client, async_nats::Subscriber),
    Memory(memory::Client, memory::Subscriber),
}

/// Where the observer tells itself that everything before has arrived.
const MARK: &str = "observer.mark";

impl Observer {
    pub(crate) async fn of_nats(url: String) -> Self {
        let client = async_nats::connect(url).await.unwrap();
        let all = client.subscribe(">").await.unwrap();
        let mut observer = Self(Kind::Nats(client, all));
        // The server knows the subscription once something has come through it.
        observer.payloads().await;
        observer
    }

    pub(crate) fn of_memory(broker: &memory::Broker) -> Self {
        let client = broker.client(&memory::Options::new()).unwrap();
        let all = client.subscribe(">", None).unwrap();
        Self(Kind::Memory(client, all))
    }

    /// Publishes something itself.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn publish(&self, subject: &str, reply: &str, payload: impl Into<Bytes>) {
        let payload = payload.into();
        match &self.0 {
            Kind::Nats(client, _) => {
                client
                    .publish_with_reply(Subject::from(subject), Subject::from(reply), payload)
                    .await
                    .unwrap();
            }
            Kind::Memory(client, _) => client.publish(subject, Some(reply), payload),
        }
    }

    /// The next message: its subject and its payload.
    ///
    /// # Panics
    /// When there is none.
    pub async fn next(&mut self) -> (String, Bytes) {
        let next = async {
            match &mut self.0 {
                Kind::Nats(_, all) => {
                    all.next().await.map(|message| (message.subject.into_string(), message.payload))
                }
                Kind::Memory(_, all) => all.next().await.map(|message| (message.subject, message.payload)),
            }
        };
        let next = tokio::time::timeout(LONG, next).await.expect("no message");
        next.expect("the connection has ended")
    }

    /// The payloads of what was published since the last time.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn payloads(&mut self) -> Vec<Bytes> {
        match &self.0 {
            Kind::Nats(client, _) => client.publish(MARK, Bytes::new()).await.unwrap(),
            Kind::Memory(client, _) => client.publish(MARK, None, Bytes::new()),
        }
        let mut payloads = Vec::new();
        loop {
            match self.next().await {
                (subject, _) if subject == MARK => return payloads,
                (_, payload) => payloads.push(payload),
            }
        }
    }
}
