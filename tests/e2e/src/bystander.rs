use async_nats::{Client, HeaderMap, Message, Subject, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt;

use crate::{LONG, World};

/// A NATS client that knows nothing of nats-rpc.
#[derive(Debug, Clone)]
pub struct Bystander(Client);

impl From<Client> for Bystander {
    fn from(client: Client) -> Self {
        Self(client)
    }
}

impl Bystander {
    /// Connects.
    ///
    /// # Panics
    /// When there is no nats-server.
    pub async fn new(world: &World) -> Self {
        Self(async_nats::connect(world.url()).await.unwrap())
    }

    /// The client, for more than this.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// Publishes without a reply subject, and sees that the server has it.
    ///
    /// # Panics
    /// When that fails.
    pub async fn publish(&self, subject: impl Into<String>, payload: impl Into<Bytes>) {
        self.0.publish(Subject::from(subject.into()), payload.into()).await.unwrap();
        self.round_trip().await;
    }

    /// Subscribes, and sees that the server knows it: what anybody publishes from now on arrives.
    ///
    /// # Panics
    /// When that fails.
    pub async fn subscribe(&self, subject: impl Into<String>) -> Subscriber {
        let subscriber = self.0.subscribe(subject.into()).await.unwrap();
        self.round_trip().await;
        subscriber
    }

    /// Publishes with a reply subject, and waits for the answer.
    ///
    /// # Panics
    /// When there is none.
    pub async fn request(
        &self,
        subject: &str,
        headers: &[(&str, &str)],
        payload: impl Into<Bytes>,
    ) -> Message {
        let inbox = self.0.new_inbox();
        let mut answers = self.0.subscribe(inbox.clone()).await.unwrap();
        let (subject, payload) = (Subject::from(subject), payload.into());
        if headers.is_empty() {
            self.0.publish_with_reply(subject, inbox, payload).await.unwrap();
        } else {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, *value);
            }
            self.0.publish_with_reply_and_headers(subject, inbox, map, payload).await.unwrap();
        }
        let answer = tokio::time::timeout(LONG, answers.next()).await.expect("no answer");
        answer.expect("the connection has ended")
    }

    /// Everything that was said before on this connection has been worked on when this returns: a flush alone writes it.
    async fn round_trip(&self) {
        let inbox = self.0.new_inbox();
        let mut own = self.0.subscribe(inbox.clone()).await.unwrap();
        self.0.publish(inbox, Bytes::new()).await.unwrap();
        tokio::time::timeout(LONG, own.next()).await.expect("no round trip");
    }
}
