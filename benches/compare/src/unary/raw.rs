//! What a careful user writes by hand on async-nats, with prost on both sides.

use async_nats::{Client, Subject, Subscriber};
use futures_util::StreamExt;
use prost::Message as _;

use crate::Error;
use crate::api::Message;
use crate::load::Caller;
use crate::worker::{self, Job};

const SUBJECT: &str = "compare.raw";

/// Answers in a spawned task: the main one is driven from outside of the runtime's threads, and slower.
pub(super) async fn serve(job: &Job) -> Result<(), Error> {
    let (client, mut requests) = subscribe(job).await?;
    let responder = tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let Some(reply) = request.reply else { continue };
            let message = Message::decode(request.payload)?;
            client.publish(reply, message.encode_to_vec().into()).await?;
        }
        Ok::<_, Error>(())
    });
    tokio::select! {
        ended = responder => ended?,
        served = worker::serve("", || 0) => Ok(served?),
    }
}

/// What all instances of the service share.
pub(crate) async fn subscribe(job: &Job) -> Result<(Client, Subscriber), Error> {
    let client = async_nats::connect(&job.nats).await?;
    let requests = client.queue_subscribe(SUBJECT, "compare".to_owned()).await?;
    client.flush().await?;
    Ok((client, requests))
}

#[derive(Clone)]
pub(crate) struct Raw(Client);

pub(crate) async fn connect(job: &Job) -> Result<Raw, Error> {
    Ok(Raw(async_nats::connect(&job.nats).await?))
}

impl Caller for Raw {
    async fn call(&self, request: Message) -> Result<Message, Error> {
        let request = request.encode_to_vec().into();
        let reply = self.0.request(Subject::from_static(SUBJECT), request).await?;
        Ok(Message::decode(reply.payload)?)
    }
}
