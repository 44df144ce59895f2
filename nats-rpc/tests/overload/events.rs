//! What operators are told.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nats_rpc::Priority;
use nats_rpc::layer::{Limit, OverloadLayer};
use tokio::time::advance;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::worker::{WORK, Worker};
use crate::{call, stay, turned_away};

/// Writes down the events of the layer.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("nats_rpc::layer::overload")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn an_overload_is_told_when_it_begins_and_when_it_is_over() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let layer = OverloadLayer::new().with_limit(Limit::fixed(1)).with_queue_percent(0);
    let worker = Worker::new(Duration::from_millis(10));
    for _ in 0..2 {
        let running = stay(&layer, &worker, Priority::Default);
        assert_eq!(log.take(), [""; 0]);
        for _ in 0..3 {
            turned_away(&layer, &worker, call(WORK, Priority::Default));
            advance(Duration::from_millis(200)).await;
        }
        assert_eq!(log.take(), ["WARN message=overloaded: calls are turned away limit=1 queued=0"]);
        drop(running);
        advance(Duration::from_millis(700)).await;
        drop(stay(&layer, &worker, Priority::Default));
        assert_eq!(log.take(), [""; 0]);
        advance(Duration::from_millis(100)).await;
        drop(stay(&layer, &worker, Priority::Default));
        assert_eq!(log.take(), ["INFO message=no longer overloaded lasted=400ms rejected=3"]);
    }
}
