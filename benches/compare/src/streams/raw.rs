//! Publish and subscribe by async-nats, as a careful user would write it: each item is a message of its own, and no
//! more of them are on the way than the reader has given credit for, or else a subscription that is full loses some.

use std::sync::Arc;

use async_nats::{Client, Message as Delivery, Subject, Subscriber};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use prost::Message;
use tokio::sync::Semaphore;

use super::Flow;
use super::items::{item, read};
use crate::Error;
use crate::api::{Chunk, Item, Order};
use crate::row::Load;
use crate::worker::{self, Job};

const GIVE: Subject = Subject::from_static("compare.raw.give");
const MIRROR: Subject = Subject::from_static("compare.raw.mirror");

/// How many items may be on the way; credit is given for half of that at a time.
const WINDOW: usize = 1024;

pub(super) async fn serve(job: &Job) -> Result<(), Error> {
    let client = async_nats::connect(&job.nats).await?;
    let (orders, items) = (client.subscribe(GIVE).await?, client.subscribe(MIRROR).await?);
    client.flush().await?;
    let giving = tokio::spawn(give(client.clone(), orders));
    let mirroring = tokio::spawn(mirror(client, items));
    tokio::select! {
        ended = giving => ended?,
        ended = mirroring => ended?,
        served = worker::serve("", || 0) => Ok(served?),
    }
}

/// Serves one order.
async fn give(client: Client, mut orders: Subscriber) -> Result<(), Error> {
    let order = orders.next().await.ok_or("the subscription ended")?;
    let reader = order.reply.ok_or("an order without a reader")?;
    let size = Order::decode(order.payload)?.size as usize;
    let mut credits = client.subscribe(credit(&reader)).await?;
    let (item, mut credit) = (item(size), WINDOW);
    loop {
        while credit == 0 {
            credits.next().await.ok_or("the subscription ended")?;
            credit += WINDOW / 2;
        }
        client.publish(reader.clone(), item.encode_to_vec().into()).await?;
        credit -= 1;
    }
}

async fn mirror(client: Client, mut items: Subscriber) -> Result<(), Error> {
    while let Some(delivery) = items.next().await {
        let Some(reader) = delivery.reply else { continue };
        let item = Item::decode(delivery.payload)?;
        client.publish(reader, item.encode_to_vec().into()).await?;
    }
    Ok(())
}

fn credit(reader: &Subject) -> Subject {
    format!("{reader}.credit").into()
}

pub(super) async fn measure(job: &Job, flow: Flow) -> Result<(), Error> {
    let client = async_nats::connect(&job.nats).await?;
    match flow {
        Flow::Ready | Flow::Channel => {
            read(&job.load, Box::pin(given::<Item>(client, flow.order(&job.load)).await?)).await
        }
        Flow::Chunks => read(&job.load, Box::pin(given::<Chunk>(client, flow.order(&job.load)).await?)).await,
        Flow::Mirror => read(&job.load, mirrored(client, &job.load).await?).await,
    }
}

/// What comes of an order.
async fn given<T: Message + Default>(
    client: Client,
    order: Order,
) -> Result<impl Stream<Item = Result<T, Error>>, Error> {
    let inbox = Subject::from(client.new_inbox());
    let deliveries = client.subscribe(inbox.clone()).await?;
    client.publish_with_reply(GIVE, inbox.clone(), order.encode_to_vec().into()).await?;
    let credit = credit(&inbox);
    Ok(deliveries.enumerate().then(move |(number, delivery)| {
        let gives = ((number + 1) % (WINDOW / 2) == 0).then(|| (client.clone(), credit.clone()));
        async move {
            if let Some((client, credit)) = gives {
                client.publish(credit, Bytes::new()).await?;
            }
            Ok(T::decode(delivery.payload)?)
        }
    }))
}

/// What comes back of what a task sends.
async fn mirrored(
    client: Client,
    load: &Load,
) -> Result<impl Stream<Item = Result<Item, Error>> + Unpin, Error> {
    let inbox = Subject::from(client.new_inbox());
    let deliveries = client.subscribe(inbox.clone()).await?;
    let (item, credit) = (item(load.payload), Arc::new(Semaphore::new(WINDOW)));
    let credits = Arc::clone(&credit);
    tokio::spawn(async move {
        loop {
            credit.acquire().await?.forget();
            client.publish_with_reply(MIRROR, inbox.clone(), item.encode_to_vec().into()).await?;
        }
        #[expect(unreachable_code, reason = "it says what the errors are")]
        Ok::<_, Error>(())
    });
    Ok(deliveries.enumerate().map(move |(number, delivery): (usize, Delivery)| {
        if (number + 1) % (WINDOW / 2) == 0 {
            credits.add_permits(WINDOW / 2);
        }
        Ok(Item::decode(delivery.payload)?)
    }))
}
