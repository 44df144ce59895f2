//! How a handler reads its requests, and what it notes of them.

use std::sync::Arc;

use futures_util::StreamExt;
use nats_rpc::Status;
use nats_rpc::call::MessageStream;
use nats_rpc::raw::Body;

use crate::book::Page;
use crate::content::{self, Direction};
use crate::script::Script;

pub(crate) struct Reader {
    script: Arc<Script>,
    page: Page,
    /// `None` once it has ended.
    requests: Option<MessageStream>,
    read: usize,
}

impl Reader {
    pub(crate) fn new(script: Arc<Script>, page: Page, body: Body) -> Self {
        let mut reader = Self { script, page, requests: None, read: 0 };
        match body {
            Body::Unary(message) => {
                reader.note(&message);
                reader.page.half_closed();
            }
            Body::Stream(requests) => reader.requests = Some(requests),
        }
        reader
    }

    /// Reads so many, or as many as there are.
    pub(crate) async fn read(&mut self, count: usize) -> Result<(), Status> {
        for _ in 0..count {
            let Some(requests) = &mut self.requests else { return Ok(()) };
            match requests.next().await {
                Some(Ok(message)) => self.note(&message),
                Some(Err(status)) => {
                    self.page.broken(&status);
                    return Err(status);
                }
                None => {
                    self.page.half_closed();
                    self.requests = None;
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn read_all(&mut self) -> Result<(), Status> {
        while self.requests.is_some() {
            self.read(1).await?;
        }
        Ok(())
    }

    fn note(&mut self, message: &[u8]) {
        let Script { id, requests, .. } = &*self.script;
        self.page.read(content::check(*id, Direction::Request, self.read, &requests.sizes, message));
        self.read += 1;
    }
}
