//! Calls that answer with a stream.

use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use nats_rpc::Priority;
use nats_rpc::call::{Event, EventStream};
use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::raw::ReplyBody;

use crate::worker::{WATCH, Worker};
use crate::{assert_overloaded, call, come, turned_away};

fn layer() -> OverloadLayer {
    OverloadLayer::new().with_limit(Limit::fixed(1)).with_queue_percent(0)
}

fn watch(layer: &OverloadLayer, worker: &Worker) -> EventStream {
    let Poll::Ready(Ok(reply)) = come(layer, worker, call(WATCH, Priority::Default)).1 else {
        panic!("it is not there at once")
    };
    let ReplyBody::Stream(events) = reply.into_parts().1 else { panic!("no stream") };
    events
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_its_place_until_it_ends() {
    let (layer, worker) = (layer(), Worker::new(Duration::ZERO));
    let mut events = watch(&layer, &worker);
    assert!(matches!(events.next().await, Some(Ok(Event::Message(_)))));
    assert_overloaded(&turned_away(&layer, &worker, call(WATCH, Priority::Default)));
    worker.let_go(1);
    assert!(matches!(events.next().await, Some(Ok(Event::Trailers(_)))));
    assert_eq!(layer.stats().running, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_gives_its_place_back() {
    let (layer, worker) = (layer(), Worker::new(Duration::ZERO));
    let events = watch(&layer, &worker);
    assert_eq!(layer.stats().running, 1);
    drop(events);
    assert_eq!(layer.stats().running, 0);
}

#[tokio::test(start_paused = true)]
async fn streams_can_do_without_a_place() {
    let (layer, worker) = (layer().without_streams(), Worker::new(Duration::ZERO));
    let streams: Vec<_> = (0..10).map(|_| watch(&layer, &worker)).collect();
    assert_eq!((streams.len(), layer.stats().running), (10, 0));
}
