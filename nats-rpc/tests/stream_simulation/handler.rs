//! A handler that does what its script says.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use nats_rpc::call::{Event, EventStream};
use nats_rpc::raw::{Call, Reply, ReplyBody};
use nats_rpc::{Metadata, Status};
use tokio::time::Instant;

use crate::book::{Ended, Running};
use crate::content::{self, Direction};
use crate::pause::pause;
use crate::reader::Reader;
use crate::script::{End, HANDLERS_FAIL, Handling, Script};

/// What handlers panic with on purpose.
pub(crate) const PANIC: &str = "on purpose";
/// The key of response metadata and trailers.
pub(crate) const KEY: &str = "told";

pub(crate) struct Handler {
    script: Arc<Script>,
    running: Running,
    /// `None` once it is dropped, or where it went to a task.
    reader: Option<Reader>,
    deadline: Option<Instant>,
    wrote: usize,
}

impl Handler {
    pub(crate) fn new(script: Arc<Script>, running: Running, call: Call) -> Self {
        let deadline = call.context().deadline();
        let reader = Reader::new(Arc::clone(&script), running.page().clone(), call.into_body());
        Self { script, running, reader: Some(reader), deadline, wrote: 0 }
    }

    pub(crate) async fn handle(mut self) -> Result<Reply, Status> {
        let deadline = self.deadline;
        within(deadline, self.begin()).await.map_err(|status| self.failed(status))?;
        let mut head = Metadata::new();
        if self.script.head {
            head.insert(KEY, self.script.id.to_string()).unwrap();
        }
        if self.script.streams_responses() {
            return Ok(Reply::new(head, ReplyBody::Stream(self.into_events())));
        }
        let message = within(deadline, self.only()).await.map_err(|status| self.failed(status))?;
        self.running.page().ended(Ended::Well);
        Ok(Reply::new(head, ReplyBody::Unary { message, trailers: trailers(1) }))
    }

    /// What comes before the first response.
    async fn begin(&mut self) -> Result<(), Status> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        match self.script.handling {
            Handling::Echoes if self.script.streams_responses() => {}
            Handling::ReadsFirst | Handling::Echoes => reader.read_all().await?,
            Handling::Drops(count) => {
                reader.read(count).await?;
                self.reader = None;
            }
            Handling::Holds(count) => reader.read(count).await?,
            Handling::InTask => {
                let (mut reader, task) = (self.reader.take().unwrap(), self.running.task());
                tokio::spawn(async move {
                    // How it ended is written down.
                    let _ = reader.read_all().await;
                    drop(task);
                });
            }
        }
        Ok(())
    }

    /// The response where there is only one.
    async fn only(&mut self) -> Result<Bytes, Status> {
        pause(self.script.responses.pace.before(0)).await;
        match self.script.responses.end {
            End::Well => Ok(self.response()),
            other => self.end(other).await.map(|_| unreachable!("it does not end well")),
        }
    }

    fn into_events(self) -> EventStream {
        Box::pin(stream::unfold(Some(self), |handler| async {
            let mut handler = handler?;
            match within(handler.deadline, handler.next()).await {
                Ok(Event::Message(message)) => Some((Ok(Event::Message(message)), Some(handler))),
                Ok(trailers) => {
                    handler.running.page().ended(Ended::Well);
                    Some((Ok(trailers), Some(handler)))
                }
                Err(status) => {
                    let status = handler.failed(status);
                    Some((Err(status), Some(handler)))
                }
            }
        }))
    }

    async fn next(&mut self) -> Result<Event, Status> {
        let echoes = self.script.handling == Handling::Echoes;
        let n = self.wrote;
        let is_last = n == self.script.responses.sizes.len();
        if let Some(reader) = self.reader.as_mut().filter(|_| echoes) {
            if is_last {
                reader.read_all().await?;
            } else {
                reader.read(1).await?;
            }
        }
        pause(self.script.responses.pace.before(n)).await;
        if is_last { self.end(self.script.responses.end).await } else { Ok(Event::Message(self.response())) }
    }

    fn response(&mut self) -> Bytes {
        let n = self.wrote;
        self.wrote += 1;
        self.running.page().wrote();
        content::message(self.script.id, Direction::Response, n, self.script.responses.sizes[n])
    }

    async fn end(&mut self, how: End) -> Result<Event, Status> {
        match how {
            End::Well => Ok(Event::Trailers(trailers(self.wrote))),
            End::Fails => Err(Status::new(HANDLERS_FAIL, "as planned")),
            End::Panics => {
                self.running.page().ended(Ended::Panicked);
                std::panic::panic_any(PANIC)
            }
            End::Never => std::future::pending().await,
        }
    }

    fn failed(&self, status: Status) -> Status {
        let expired = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        self.running.page().ended(match status.code() {
            HANDLERS_FAIL => Ended::Failed,
            nats_rpc::Code::DeadlineExceeded if expired => Ended::Expired,
            _ => Ended::Relayed,
        });
        status
    }
}

fn trailers(wrote: usize) -> Metadata {
    let mut trailers = Metadata::new();
    trailers.insert(KEY, wrote.to_string()).unwrap();
    trailers
}

async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    match deadline {
        None => work.await,
        Some(deadline) => tokio::time::timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("the handler was too slow"))),
    }
}

/// Panics of the play are part of it; all others are told as ever.
pub(crate) fn quiet_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&PANIC) {
            tell(panic);
        }
    }));
}
