use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::StreamExt;
use prost::Message as _;

use super::work::Work;
use crate::Error;
use crate::api::Message;
use crate::unary::raw;
use crate::worker::{self, Job};

/// Answers where requests are read, or in tasks of their own when that takes its time.
pub(super) async fn serve(job: &Job, work: Work) -> Result<(), Error> {
    let (client, mut requests) = raw::subscribe(job).await?;
    let handled = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&handled);
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let Some(reply) = request.reply else { continue };
            let message = Message::decode(request.payload)?;
            let (client, counter) = (client.clone(), Arc::clone(&counter));
            let answer = async move {
                work.run();
                counter.fetch_add(1, Relaxed);
                client.publish(reply, message.encode_to_vec().into()).await
            };
            match work {
                Work::Nothing => answer.await?,
                Work::Burn => drop(tokio::spawn(answer)),
            }
        }
        Ok::<_, Error>(())
    });
    Ok(worker::serve("", || handled.load(Relaxed)).await?)
}
