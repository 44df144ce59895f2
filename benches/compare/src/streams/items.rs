use std::hint::black_box;
use std::iter::{Repeat, repeat};
use std::time::Instant;

use futures_util::future::Either;
use futures_util::stream::{self, Iter};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::Error;
use crate::api::{Chunk, Item};
use crate::row::Load;
use crate::sample::{self, Sample};
use crate::worker;

/// How many items may be in a producer's channel.
const CHANNEL: usize = 256;

/// How many items are read between two looks at the clock, each of which takes as long as a small item.
const BETWEEN_LOOKS: u64 = 64;

pub(super) type Items<T> = Either<Iter<Repeat<T>>, ReceiverStream<T>>;

pub(super) fn item(size: usize) -> Item {
    Item { payload: vec![b'x'; size] }
}

pub(super) fn chunk(size: usize) -> Chunk {
    Chunk { payload: vec![b'x'; size].into() }
}

/// An item over and over: ready at once, or made by a task that hands them over by a channel.
pub(super) fn items<T: Clone + Send + 'static>(item: T, channel: bool) -> Items<T> {
    if !channel {
        return Either::Left(stream::iter(repeat(item)));
    }
    let (sender, receiver) = mpsc::channel(CHANNEL);
    tokio::spawn(async move { while sender.send(item.clone()).await.is_ok() {} });
    Either::Right(ReceiverStream::new(receiver))
}

/// Reads a stream for as long as the load says.
pub(super) async fn read<T, E: Into<Error>>(
    load: &Load,
    mut items: impl Stream<Item = Result<T, E>> + Unpin,
) -> Result<(), Error> {
    read_until(&mut items, Instant::now() + load.warm_up).await?;
    worker::measuring()?;
    let begin = Instant::now();
    let read = read_until(&mut items, begin + load.window).await?;
    let took = begin.elapsed();
    worker::measured()?;
    let sample = Sample::default().with(sample::CALLS, read as f64).with(sample::SECONDS, took.as_secs_f64());
    Ok(worker::finish(&sample)?)
}

async fn read_until<T, E: Into<Error>>(
    items: &mut (impl Stream<Item = Result<T, E>> + Unpin),
    end: Instant,
) -> Result<u64, Error> {
    let mut read = 0;
    loop {
        let item = items.next().await.ok_or("the stream ended")?;
        black_box(item.map_err(Into::into)?);
        read += 1;
        if read % BETWEEN_LOOKS == 0 && Instant::now() >= end {
            return Ok(read);
        }
    }
}
