//! A client process that has streams of each kind, for tests that kill and freeze it.

use std::time::Duration;

use e2e::{Args, FeedClient, Flow, FlowKind, Options, Pace, say};
use futures_util::future::join_all;
use nats_rpc::Channel;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::of_process()?;
    let options = Options::take(&mut args)?;
    let pace = Pace {
        count: args.number("--count")?.unwrap_or(0),
        length: args.number("--length")?.unwrap_or(100),
        pause: Duration::from_millis(args.number("--pause")?.unwrap_or(0)),
        read_pause: Duration::from_millis(args.number("--read-pause")?.unwrap_or(0)),
    };
    let of_each = args.number("--of-each")?.unwrap_or(1);
    args.end()?;
    let client = FeedClient::new(Channel::new(options.connect().await?));
    let kinds = FlowKind::ALL.into_iter().cycle().take(3 * of_each);
    let flows: Vec<_> = kinds.map(|kind| Flow::open(&client, kind, pace)).collect();
    for flow in &flows {
        flow.moved.reach(3).await;
    }
    say("ready");
    join_all(flows.into_iter().map(|mut flow| async move {
        match flow.end().await {
            Ok(()) => say(&format!("{} has ended after {}", flow.kind, flow.moved.get())),
            Err(status) => say(&format!("{} has failed {} {}", flow.kind, status.code(), status.message())),
        }
    }))
    .await;
    Ok(())
}
