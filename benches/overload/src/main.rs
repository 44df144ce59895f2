//! Offers a service more and more calls over a NATS server of its own, with and without an
//! [`OverloadLayer`], and prints what becomes of them and whether the goals are met.
//!
//! ```sh
//! cargo run --release -p overload -- [SECONDS]
//! ```
//!
//! Each row takes SECONDS, 5 unless said. The exit code is 1 when a goal is missed. Callers, service and NATS server share
//! the machine, so that should have nothing else to do.

mod load;
mod service;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use nats_rpc::layer::{Limit, OverloadLayer};
use nats_rpc::{Channel, Connection, Priority, Server};

use crate::load::{Outcome, closed, open};
use crate::service::{Pool, WorkClient, WorkServer};

/// 32 connections, which a call needs for 20 ms: 1,600 calls a second.
const CONNECTIONS: u32 = 32;
const TAKES: Duration = Duration::from_millis(20);
/// What is offered, in multiples of what can be done.
const OFFERED: [f64; 6] = [0.5, 0.8, 1.0, 1.5, 2.0, 3.0];
const GOAL_AT: f64 = 3.0;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let seconds = std::env::args().nth(1).map_or(Ok(5), |seconds| seconds.parse())?;
    let lasts = Duration::from_secs(seconds);
    let nats = nats_server::Server::start()?;
    let connection = Connection::connect(nats.url()).await?;
    let pool = WorkServer::new(Pool::new(CONNECTIONS, TAKES));
    let layer = OverloadLayer::new().with_limit(Limit::fixed(CONNECTIONS));
    let server = Server::builder().add_service(pool).layer(layer.clone()).start(connection).await?;
    let client = WorkClient::new(Channel::bare(Connection::connect(nats.url()).await?));

    let unloaded = closed(&client, 1, lasts).await;
    let full = closed(&client, CONNECTIONS, lasts).await;
    print_head();
    print_row("one caller", &unloaded);
    print_row("32 callers", &full);
    let (mut peak, mut overload) = (full.goodput(), None);
    for times in OFFERED {
        let outcome = open(&client, times * full.goodput(), lasts).await;
        print_row(&format!("{times} x"), &outcome);
        peak = peak.max(outcome.goodput());
        if times == GOAL_AT {
            overload = Some(outcome);
        }
    }
    println!("{:?}", layer.stats());
    server.shutdown().await;
    without_layer(&nats, GOAL_AT * full.goodput(), lasts).await?;

    let overload = overload.ok_or("the load that the goals are about was not offered")?;
    let met = [
        goal("goodput of the peak, %", 100.0 * overload.goodput() / peak, |percent| percent >= 90.0),
        goal("p99 of the unloaded, times", p99(&overload) / p99(&unloaded), |times| times <= 2.0),
        goal("critical calls that went well, %", 100.0 * overload.success(Priority::Critical), |percent| {
            percent >= 99.0
        }),
    ];
    Ok(if met.iter().all(|met| *met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The same load for a service that takes all that comes.
async fn without_layer(
    nats: &nats_server::Server,
    per_second: f64,
    lasts: Duration,
) -> Result<(), Box<dyn Error>> {
    let connection = Connection::connect(nats.url()).await?;
    let pool = WorkServer::new(Pool::new(CONNECTIONS, TAKES));
    let server = Server::builder().add_service(pool).start(connection).await?;
    let client = WorkClient::new(Channel::bare(Connection::connect(nats.url()).await?));
    print_row(&format!("{GOAL_AT} x, no layer"), &open(&client, per_second, lasts).await);
    server.shutdown().await;
    Ok(())
}

fn print_head() {
    println!(
        "{:<16} {:>9} {:>8} {:>8} | went well, %: {:>8} {:>8} {:>9} {:>10}",
        "", "goodput/s", "p50 ms", "p99 ms", "critical", "default", "sheddable", "background"
    );
}

fn print_row(name: &str, outcome: &Outcome) {
    let success = |priority| 100.0 * outcome.success(priority);
    let millis = |share| outcome.quantile(share).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3);
    println!(
        "{name:<16} {:>9.0} {:>8.1} {:>8.1} | {:>22.1} {:>8.1} {:>9.1} {:>10.1}",
        outcome.goodput(),
        millis(0.5),
        millis(0.99),
        success(Priority::Critical),
        success(Priority::Default),
        success(Priority::Sheddable),
        success(Priority::Background),
    );
}

fn p99(outcome: &Outcome) -> f64 {
    outcome.quantile(0.99).map_or(f64::INFINITY, |took| took.as_secs_f64())
}

fn goal(what: &str, value: f64, is_met: impl Fn(f64) -> bool) -> bool {
    let met = is_met(value);
    println!("{what}: {value:.2} ({})", if met { "met" } else { "missed" });
    met
}
