use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::Error;
use crate::load::{Caller, message};
use crate::row::Load;
use crate::sample::{self, Sample};
use crate::worker;

/// So many are opened before memory is looked at, so that buffers and threads are there.
const BEFORE: usize = 200;

/// So many are opened at once, and the next after a pause: what many at once leave in buffers is not what is measured.
const TOGETHER: usize = 32;
const PAUSE: Duration = Duration::from_millis(2);

/// Makes calls that are never answered, each in a task.
pub(super) async fn hold_calls(load: &Load, caller: impl Caller) -> Result<(), Error> {
    let call = async || {
        let (caller, request) = (caller.clone(), message(load.payload));
        Ok(tokio::spawn(async move { caller.call(request).await.map(drop) }))
    };
    hold(load, call, JoinHandle::is_finished).await
}

/// Opens as many as the load says, and keeps them open until this process is ended.
pub(super) async fn hold<T>(
    load: &Load,
    open: impl AsyncFn() -> Result<T, Error>,
    has_ended: impl Fn(&T) -> bool,
) -> Result<(), Error> {
    let mut held = Vec::with_capacity(BEFORE + load.concurrency);
    open_more(&mut held, BEFORE, &open).await?;
    sleep(load.warm_up).await;
    worker::measuring()?;
    open_more(&mut held, load.concurrency, &open).await?;
    // The last ones arrive.
    sleep(load.window).await;
    worker::measured()?;
    let open = held.iter().skip(BEFORE).filter(|held| !has_ended(held)).count();
    Ok(worker::finish(&Sample::default().with(sample::HELD, open as f64))?)
}

async fn open_more<T>(
    held: &mut Vec<T>,
    count: usize,
    open: &impl AsyncFn() -> Result<T, Error>,
) -> Result<(), Error> {
    for number in 1..=count {
        held.push(open().await?);
        if number % TOGETHER == 0 {
            sleep(PAUSE).await;
        }
    }
    Ok(())
}
