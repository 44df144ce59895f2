use std::fmt;
use std::time::{Duration, Instant};

use futures_util::{Stream, TryStreamExt, stream};
use nats_rpc::{CallService, Code, Status};
use tokio::task::JoinHandle;

use crate::proto::{FeedClient, Order, Piece, Total};
use crate::{Count, within};

/// The kinds of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowKind {
    /// From the server.
    Watch,
    /// To the server.
    Upload,
    /// Both ways.
    Chat,
}

impl FlowKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Watch, Self::Upload, Self::Chat];
}

impl fmt::Display for FlowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Watch => "watch",
            Self::Upload => "upload",
            Self::Chat => "chat",
        })
    }
}

/// What goes through a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Pace {
    /// 0: without an end.
    pub count: u64,
    /// Of each piece, in bytes.
    pub length: usize,
    /// Before each piece.
    pub pause: Duration,
    /// After each piece that was read.
    pub read_pause: Duration,
}

impl Pace {
    /// Small pieces, so often, for as long as the stream lives.
    pub fn every(pause: Duration) -> Self {
        Self { count: 0, length: 100, pause, read_pause: Duration::ZERO }
    }

    /// So many pieces of this length, as fast as they go.
    pub fn of(count: u64, length: usize) -> Self {
        Self { count, length, pause: Duration::ZERO, read_pause: Duration::ZERO }
    }

    /// Nothing at all, for as long as a test can take.
    pub fn idle() -> Self {
        Self::every(Duration::from_secs(3600))
    }

    /// Read with such a pause after each piece.
    pub fn read_slowly(self, read_pause: Duration) -> Self {
        Self { read_pause, ..self }
    }

    fn order(self) -> Order {
        let pause_ms = self.pause.as_millis().try_into().unwrap_or(u32::MAX);
        Order { count: self.count, length: self.length.try_into().unwrap_or(u32::MAX), pause_ms }
    }

    fn pieces(self, taken: Count) -> impl Stream<Item = Piece> + Send + 'static {
        stream::unfold(0, move |number| {
            let taken = taken.clone();
            async move {
                if self.count > 0 && number == self.count {
                    return None;
                }
                sleep(self.pause).await;
                taken.add();
                Some((Piece::new(number, self.length), number + 1))
            }
        })
    }
}

/// A stream whose client checks what comes. Dropping it gives it up.
#[derive(Debug)]
pub struct Flow {
    /// Its kind.
    pub kind: FlowKind,
    /// The pieces that have come, or that an upload has been able to send.
    pub moved: Count,
    task: JoinHandle<Result<(), Status>>,
}

impl Flow {
    /// Opens a stream.
    #[must_use]
    pub fn open<S: CallService>(client: &FeedClient<S>, kind: FlowKind, pace: Pace) -> Self {
        let (client, moved) = (client.clone(), Count::new());
        let counted = moved.clone();
        let task = match kind {
            FlowKind::Watch => tokio::spawn(watch(client, pace, counted)),
            FlowKind::Upload => tokio::spawn(upload(client, pace, counted)),
            FlowKind::Chat => tokio::spawn(chat(client, pace, counted)),
        };
        Self { kind, moved, task }
    }

    /// Opens one of each kind, and waits until each of them flows.
    ///
    /// # Panics
    /// When one does not.
    pub async fn open_all<S: CallService>(client: &FeedClient<S>, pace: Pace) -> Vec<Self> {
        let flows: Vec<Self> = FlowKind::ALL.iter().map(|kind| Self::open(client, *kind, pace)).collect();
        for flow in &flows {
            flow.moved.reach(flow.moved.get() + 3).await;
        }
        flows
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Gives it up.
    pub fn give_up(&self) {
        self.task.abort();
    }

    /// How it ends: well if all of it went through.
    ///
    /// # Errors
    /// What it failed with.
    ///
    /// # Panics
    /// When it was given up, and when it does not end.
    pub async fn end(&mut self) -> Result<(), Status> {
        within(&format!("{} to its end", self.kind), &mut self.task).await.unwrap()
    }

    /// It fails with UNAVAILABLE, and does not deny that it may have run.
    ///
    /// # Panics
    /// When that is not so.
    pub async fn fails(&mut self) -> Status {
        let status = self.end().await.expect_err("it has ended well");
        assert_eq!(status.code(), Code::Unavailable, "{}: {status}", self.kind);
        assert!(!status.is_not_processed(), "{}: {status}", self.kind);
        status
    }

    /// All of them fail so. Prints and returns how long that took at most, from `since`.
    ///
    /// # Panics
    /// When one does not.
    pub async fn all_fail(flows: &mut [Self], what: &str, since: Instant) -> Duration {
        for flow in &mut *flows {
            flow.fails().await;
        }
        let took = since.elapsed();
        println!("{what}: {} streams are UNAVAILABLE after {took:?}", flows.len());
        took
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch<S: CallService>(client: FeedClient<S>, pace: Pace, moved: Count) -> Result<(), Status> {
    let pieces = client.watch(pace.order()).await?.into_inner();
    check_all(pieces, pace, moved).await
}

async fn upload<S: CallService>(client: FeedClient<S>, pace: Pace, moved: Count) -> Result<(), Status> {
    let pause_ms = pace.read_pause.as_millis().to_string();
    let total = client.upload(pace.pieces(moved)).metadata("pause-ms", pause_ms).await?.into_inner();
    let bytes = pace.count * pace.length as u64;
    match total == (Total { count: pace.count, bytes }) {
        true => Ok(()),
        false => Err(Status::data_loss(format!("{total:?} of {pace:?}"))),
    }
}

async fn chat<S: CallService>(client: FeedClient<S>, pace: Pace, moved: Count) -> Result<(), Status> {
    let (mut sender, receiver) = client.chat().await?.into_split();
    let send = async move {
        let mut pieces = Box::pin(pace.pieces(Count::new()));
        while let Some(piece) = futures_util::StreamExt::next(&mut pieces).await {
            // The receiver is told why.
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        std::future::pending().await
    };
    // There may be much to send when it is over.
    tokio::select! {
        outcome = check_all(receiver, pace, moved) => outcome,
        never = send => never,
    }
}

async fn check_all(
    pieces: impl Stream<Item = Result<Piece, Status>>,
    pace: Pace,
    moved: Count,
) -> Result<(), Status> {
    let mut pieces = std::pin::pin!(pieces);
    let mut count = 0;
    while let Some(piece) = pieces.try_next().await? {
        piece.check(count)?;
        if piece.payload.len() != pace.length {
            return Err(Status::data_loss(format!("piece {count} has {} bytes", piece.payload.len())));
        }
        count += 1;
        moved.add();
        sleep(pace.read_pause).await;
    }
    match count == pace.count {
        true => Ok(()),
        false => Err(Status::data_loss(format!("{count} pieces of {pace:?}"))),
    }
}

/// A timer takes a millisecond at least.
async fn sleep(pause: Duration) {
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
}
