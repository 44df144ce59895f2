//! What handlers write down.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::{Code, Reason, Status};
use tokio::time::Instant;

/// One run of a handler.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: usize,
    pub(crate) server: String,
    pub(crate) began: Duration,
    /// So many requests were read, in order.
    pub(crate) read: usize,
    /// How the requests ended for it.
    pub(crate) requests: Requests,
    /// So many responses were handed over.
    pub(crate) wrote: usize,
    pub(crate) end: Option<Ended>,
    /// When nothing was left of it.
    pub(crate) gone: Option<Duration>,
    /// The same of a task in which it reads.
    pub(crate) task_gone: Option<Duration>,
    pub(crate) has_task: bool,
    pub(crate) wrong: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requests {
    Open,
    HalfClosed,
    Broken(Code, Option<Reason>),
}

/// How a handler has ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Well,
    Failed,
    Panicked,
    /// With what its requests failed with.
    Relayed,
    Expired,
}

/// All runs.
#[derive(Clone)]
pub(crate) struct Book {
    runs: Arc<Mutex<Vec<Run>>>,
    start: Instant,
}

impl Book {
    pub(crate) fn new(start: Instant) -> Self {
        Self { runs: Arc::default(), start }
    }

    pub(crate) fn started(&self, id: usize, server: &str) -> Running {
        let mut runs = self.runs.lock().unwrap();
        runs.push(Run {
            id,
            server: server.to_owned(),
            began: self.start.elapsed(),
            read: 0,
            requests: Requests::Open,
            wrote: 0,
            end: None,
            gone: None,
            task_gone: None,
            has_task: false,
            wrong: None,
        });
        Running(Page { book: self.clone(), index: runs.len() - 1 })
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        self.runs.lock().unwrap().clone()
    }

    pub(crate) fn alive(&self) -> usize {
        let alive = |run: &&Run| run.gone.is_none() || run.has_task && run.task_gone.is_none();
        self.runs.lock().unwrap().iter().filter(alive).count()
    }
}

/// Where one run is written down.
#[derive(Clone)]
pub(crate) struct Page {
    book: Book,
    index: usize,
}

impl Page {
    fn note(&self, note: impl FnOnce(&mut Run)) {
        note(&mut self.book.runs.lock().unwrap()[self.index]);
    }

    pub(crate) fn read(&self, checked: Result<(), String>) {
        self.note(|run| {
            run.read += 1;
            run.wrong = run.wrong.take().or(checked.err());
        });
    }

    pub(crate) fn half_closed(&self) {
        self.note(|run| run.requests = Requests::HalfClosed);
    }

    pub(crate) fn broken(&self, status: &Status) {
        self.note(|run| run.requests = Requests::Broken(status.code(), status.reason()));
    }

    pub(crate) fn wrote(&self) {
        self.note(|run| run.wrote += 1);
    }

    pub(crate) fn ended(&self, how: Ended) {
        self.note(|run| run.end = Some(how));
    }
}

/// A handler that runs, until this is dropped.
pub(crate) struct Running(Page);

impl Running {
    pub(crate) fn page(&self) -> &Page {
        &self.0
    }

    /// A task of the handler's, until what is returned is dropped.
    pub(crate) fn task(&self) -> InTask {
        self.0.note(|run| run.has_task = true);
        InTask(self.0.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.note(|run| run.gone = Some(self.0.book.start.elapsed()));
    }
}

pub(crate) struct InTask(Page);

impl Drop for InTask {
    fn drop(&mut self) {
        self.0.note(|run| run.task_gone = Some(self.0.book.start.elapsed()));
    }
}
