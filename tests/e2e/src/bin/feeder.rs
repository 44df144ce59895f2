//! A server process whose streams tests kill and freeze. See `e2e::Feeder` for what it does.

use std::time::{Duration, Instant};

use e2e::{Args, Feeder, LONG, Options, say};
use nats_rpc::server::Handle;
use nats_rpc::{Code, Connection, Status};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::of_process()?;
    let options = Options::take(&mut args)?;
    args.end()?;
    // Before anybody is told that we are there: the signal may come at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let feeder = Feeder::saying();
    let connection = options.connect_patiently().await?;
    let server = start(&options, &feeder, &connection).await?;
    say("ready");
    terminate.recv().await;
    say("stopping");
    // Until the clients have ended their calls, or those of clients that are gone were found.
    let begin = Instant::now();
    while (server.stats().running > 0 || connection.stats().streams > 0) && begin.elapsed() < LONG {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (stats, streams) = (server.stats(), connection.stats().streams);
    say(&format!("left {} {} {streams}", stats.running, stats.accepted));
    server.shutdown().await;
    say("stopped");
    Ok(())
}

/// The connection may break meanwhile.
async fn start(options: &Options, feeder: &Feeder, connection: &Connection) -> Result<Handle, Status> {
    let begin = Instant::now();
    loop {
        match options.server(feeder.feed())?.start(connection.clone()).await {
            Err(status) if status.code() == Code::Unavailable && begin.elapsed() < LONG => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome,
        }
    }
}
