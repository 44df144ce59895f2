//! Calls that come at a constant rate, whatever becomes of them.

use std::time::Duration;

use nats_rpc::{Channel, Response, Status};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::instance::ShopClient;

/// 1,000 calls a second.
const BETWEEN: Duration = Duration::from_millis(1);

/// Which method is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// It may run twice.
    Idempotent,
    /// Nothing is known of it.
    Undeclared,
}

/// When a call was made, and what became of it.
pub(crate) struct Made {
    pub(crate) at: Instant,
    pub(crate) outcome: Result<(), Status>,
}

/// Makes calls for so long, and waits for their ends.
pub(crate) async fn offer(channel: &Channel, calls: Calls, length: Duration) -> Vec<Made> {
    let shop = ShopClient::new(channel.clone());
    let (start, mut running, mut made) = (Instant::now(), JoinSet::new(), Vec::new());
    let mut n = 0;
    let mut ticks = tokio::time::interval(BETWEEN);
    while start.elapsed() < length {
        ticks.tick().await;
        n += 1;
        let shop = shop.clone();
        running.spawn(async move {
            let at = Instant::now();
            let outcome = match calls {
                Calls::Idempotent => shop.restock(n).await,
                Calls::Undeclared => shop.sell(n).await,
            };
            Made { at, outcome: outcome.map(|reply: Response<u64>| assert_eq!(*reply.get_ref(), n)) }
        });
        while let Some(ended) = running.try_join_next() {
            made.push(ended.unwrap());
        }
    }
    made.extend(running.join_all().await);
    made
}
