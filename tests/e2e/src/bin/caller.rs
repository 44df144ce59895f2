//! A client process that makes one call, for tests that kill and freeze it.

use std::time::Duration;

use e2e::{Args, Options, ProbeClient, Question, question, say};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::of_process()?;
    let options = Options::take(&mut args)?;
    let text = args.take("--ask").ok_or("--ask is missing")?;
    let id = args.number("--id")?.unwrap_or(0);
    let timeout_ms = args.number("--timeout")?.unwrap_or(60_000);
    args.end()?;
    let client = ProbeClient::new(options.channel().await?);
    say("ready");
    let call = client.ask(Question { big_number: id, ..question(text) });
    match call.timeout(Duration::from_millis(timeout_ms)).await {
        Ok(answer) => say(&format!("answered {}", answer.get_ref().text)),
        Err(status) => say(&format!("failed {} {}", status.code(), status.message())),
    }
    Ok(())
}
