use std::time::Duration;

use futures_util::{Stream, TryStreamExt, stream};
use nats_rpc::{Request, Response, Status, Streaming};

use crate::proto::{Feed, FeedServer, Order, Piece, Total};
use crate::script::Trace;
use crate::{Count, Guard};

/// A feed that does what it is asked, and counts. Clones count together.
///
/// An upload with the metadata `pause-ms` is read with such pauses.
#[derive(Debug, Clone, Default)]
pub struct Feeder {
    /// Streams that have begun.
    pub started: Count,
    /// Those of them that have come to their end.
    pub ended: Count,
    /// All that are over, those included that were stopped.
    pub over: Count,
    says: bool,
}

impl Feeder {
    /// Has done nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says on standard output how each stream goes, in the way of [`Script`](crate::Script): `started watch`, and then
    /// `ended watch` or `dropped watch`.
    #[must_use]
    pub fn saying() -> Self {
        Self { says: true, ..Self::default() }
    }

    /// Serves as this feeder.
    #[must_use]
    pub fn feed(&self) -> FeedServer<Self> {
        FeedServer::new(self.clone())
    }

    fn begin(&self, name: &'static str) -> Course {
        self.started.add();
        let trace = self.says.then(|| Trace::start(name));
        Course { trace, ended: self.ended.clone(), _over: self.over.guard() }
    }
}

/// How a stream goes.
struct Course {
    trace: Option<Trace>,
    ended: Count,
    _over: Guard,
}

impl Course {
    fn end(self) {
        self.ended.add();
        self.trace.into_iter().for_each(Trace::end);
    }
}

impl Feed for Feeder {
    async fn echo(&self, request: Request<Piece>) -> Result<Response<Piece>, Status> {
        let piece = request.into_inner();
        piece.check(piece.number)?;
        Ok(piece.into())
    }

    async fn watch(&self, request: Request<Order>) -> Result<Response<Streaming<Piece>>, Status> {
        let course = self.begin("watch");
        Ok(Response::stream(watched(request.into_inner(), course)))
    }

    async fn upload(&self, request: Request<Streaming<Piece>>) -> Result<Response<Total>, Status> {
        let course = self.begin("upload");
        let pause = request.metadata().get("pause-ms").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut requests = request.into_inner();
        let mut total = Total::default();
        while let Some(piece) = requests.try_next().await? {
            piece.check(total.count)?;
            total.count += 1;
            total.bytes += piece.payload.len() as u64;
            sleep(pause).await;
        }
        course.end();
        Ok(total.into())
    }

    async fn chat(&self, request: Request<Streaming<Piece>>) -> Result<Response<Streaming<Piece>>, Status> {
        let course = self.begin("chat");
        Ok(Response::stream(chatted(request.into_inner(), course)))
    }
}

fn watched(order: Order, course: Course) -> impl Stream<Item = Result<Piece, Status>> {
    let Order { count, length, pause_ms } = order;
    stream::try_unfold((0, course), move |(number, course)| async move {
        if count > 0 && number == count {
            course.end();
            return Ok(None);
        }
        sleep(pause_ms).await;
        Ok(Some((Piece::new(number, length as usize), (number + 1, course))))
    })
}

fn chatted(requests: Streaming<Piece>, course: Course) -> impl Stream<Item = Result<Piece, Status>> {
    stream::try_unfold((0, requests, course), |(number, mut requests, course)| async move {
        match requests.try_next().await? {
            Some(piece) => {
                piece.check(number)?;
                Ok(Some((piece, (number + 1, requests, course))))
            }
            None => {
                course.end();
                Ok(None)
            }
        }
    })
}

/// A timer takes a millisecond at least.
async fn sleep(pause_ms: u32) {
    if pause_ms > 0 {
        tokio::time::sleep(Duration::from_millis(pause_ms.into())).await;
    }
}
