//! Instances of a service, some of which do badly for a while.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use nats_rpc::server::{Ejection, Handle};
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::{Channel, Connection, Server};
use tokio::time::Instant;

use crate::instance::{Control, Fault, Instance, ShopServer};
use crate::load::{Calls, Made, offer};

const WARM_UP: Duration = Duration::from_secs(5);
const FAULT: Duration = Duration::from_secs(30);
const AFTER: Duration = Duration::from_secs(10);
/// From a process to the broker, or back.
const LATENCY: Duration = Duration::from_micros(200);

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) instances: usize,
    /// So many of them do badly.
    pub(crate) bad: usize,
    pub(crate) fault: Fault,
    pub(crate) calls: Calls,
}

/// What is there against it.
pub(crate) struct Defence {
    pub(crate) name: &'static str,
    pub(crate) channel: fn(Connection) -> Channel,
    pub(crate) ejection: fn() -> Ejection,
}

/// What became of it.
pub(crate) struct Result {
    /// Of the calls made during the fault.
    pub(crate) success: f64,
    /// Calls that reached a handler during the fault, for each that was made.
    pub(crate) load: f64,
    /// From the end of the fault to a second with 95 % success.
    pub(crate) recovery: Option<Duration>,
}

impl Scenario {
    pub(crate) fn run(self, defence: &Defence, seed: u64) -> Result {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.play(defence, seed))
    }

    async fn play(self, defence: &Defence, seed: u64) -> Result {
        let broker = Broker::seeded(seed);
        let at = |name: String| Options::new().name(name).latency(LATENCY).jitter(LATENCY);
        let controls: Vec<Arc<Control>> = (0..self.instances).map(|_| Arc::default()).collect();
        let mut servers: Vec<Handle> = Vec::new();
        for (n, control) in controls.iter().enumerate() {
            let connection = broker.connect_with(at(format!("server{n}"))).await.unwrap();
            let server = Server::builder().self_ejection((defence.ejection)());
            let server = server.add_service(ShopServer::new(Instance(Arc::clone(control))));
            servers.push(server.start(connection).await.unwrap());
        }
        let channel = (defence.channel)(broker.connect_with(at("client".to_owned())).await.unwrap());
        let begin = Instant::now() + WARM_UP;
        let end = begin + FAULT;
        let handled = |controls: &[Arc<Control>]| controls.iter().map(|one| one.handled()).sum::<u64>();
        let (offered, during) = tokio::join!(offer(&channel, self.calls, WARM_UP + FAULT + AFTER), async {
            tokio::time::sleep_until(begin).await;
            let before = handled(&controls);
            controls.iter().take(self.bad).for_each(|control| control.set(self.fault));
            tokio::time::sleep_until(end).await;
            controls.iter().for_each(|control| control.set(Fault::None));
            handled(&controls) - before
        });
        let calls = offered.iter().filter(|made| (begin..end).contains(&made.at)).count();
        #[expect(clippy::cast_precision_loss, reason = "these are thousands")]
        let load = during as f64 / calls as f64;
        Result { success: success(&offered, begin..end), load, recovery: recovery(&offered, end) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "these are thousands")]
fn success(made: &[Made], within: Range<Instant>) -> f64 {
    let of_it: Vec<bool> =
        made.iter().filter(|made| within.contains(&made.at)).map(|made| made.outcome.is_ok()).collect();
    of_it.iter().filter(|good| **good).count() as f64 / of_it.len() as f64
}

fn recovery(made: &[Made], end: Instant) -> Option<Duration> {
    let second = Duration::from_secs(1);
    let starts = (0..90).map(|step| end + Duration::from_millis(100) * step);
    let mut good = starts.filter(|start| success(made, *start..*start + second) >= 0.95);
    good.next().map(|start| start - end)
}
