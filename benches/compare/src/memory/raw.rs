use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::StreamExt;
use prost::Message as _;

use crate::Error;
use crate::api::Message;
use crate::unary::raw;
use crate::worker::{self, Job};

/// Takes each request to a task of its own, where it waits for ever.
pub(super) async fn serve(job: &Job) -> Result<(), Error> {
    let (client, mut requests) = raw::subscribe(job).await?;
    let begun = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&begun);
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let (Some(reply), client) = (request.reply, client.clone()) else { continue };
            let message = Message::decode(request.payload)?;
            counter.fetch_add(1, Relaxed);
            tokio::spawn(async move {
                pending::<()>().await;
                client.publish(reply, message.encode_to_vec().into()).await
            });
        }
        Ok::<_, Error>(())
    });
    Ok(worker::serve("", || begun.load(Relaxed)).await?)
}
