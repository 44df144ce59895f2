//! A server process for tests that kill and freeze it. See `e2e::Script` for what its handlers do.

use std::sync::Arc;

use e2e::{Args, Options, Script, probe, say};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::of_process()?;
    let options = Options::take(&mut args)?;
    args.end()?;
    // Before anybody is told that we are there: the signal may come at once.
    let mut terminate = signal(SignalKind::terminate())?;
    let script = Arc::new(Script::default());
    let follow = move |request| {
        let script = Arc::clone(&script);
        async move { script.run(request).await }
    };
    let server = options.server(probe(follow))?.start(options.connect().await?).await?;
    say("ready");
    terminate.recv().await;
    say("stopping");
    server.shutdown().await;
    say("stopped");
    Ok(())
}
