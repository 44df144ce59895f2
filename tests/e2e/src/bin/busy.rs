//! A client process that makes calls of all kinds until it is killed, for tests of what others notice of that.

use e2e::{Args, FeedClient, Load, Options, say};
use nats_rpc::Channel;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::of_process()?;
    let options = Options::take(&mut args)?;
    args.end()?;
    let client = FeedClient::new(Channel::new(options.connect_patiently().await?));
    say("ready");
    Load::start(&client, 4).run_for_ever().await;
    Ok(())
}
