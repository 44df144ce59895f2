//! Some instances of one service, a client, and somebody who looks whether anybody is there.

use std::time::Duration;

use nats_rpc::layer::{Overrides, Policies};
use nats_rpc::server::{Ejection, Handle, Standing};
use nats_rpc::spec::BreakerSpec;
use nats_rpc::transport::memory::{Broker, Options};
use nats_rpc::wire::NOOP;
use nats_rpc::{Channel, Connection, Server};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::work::{WorkServer, Worker};

pub(crate) const SUBJECT: &str = "svc.ejection.Work.Act";

pub(crate) struct World {
    pub(crate) broker: Broker,
    pub(crate) instances: Vec<Instance>,
    pub(crate) channel: Channel,
}

pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) worker: Worker,
    connection: Connection,
    pub(crate) handle: Handle,
}

impl World {
    /// `count` instances nearby.
    pub(crate) async fn new(seed: u64, count: usize) -> Self {
        Self::with(seed, (0..count).map(|_| Options::new()), Ejection::new()).await
    }

    /// Instances at these places.
    pub(crate) async fn with(seed: u64, places: impl Iterator<Item = Options>, ejection: Ejection) -> Self {
        let broker = Broker::seeded(seed);
        let mut instances = Vec::new();
        for (n, options) in places.enumerate() {
            instances.push(Instance::start(&broker, format!("s{n}"), options, ejection).await);
        }
        let client = broker.connect_with(Options::new().name("client")).await.unwrap();
        Self { broker, instances, channel: Channel::new(client).with_policies(no_breaker()) }
    }

    pub(crate) fn count(&self, standing: Standing) -> usize {
        self.instances.iter().filter(|instance| instance.standing() == standing).count()
    }

    /// Waits until an instance stands like this. Returns how long it took.
    pub(crate) async fn until(&self, instance: usize, standing: Standing, limit: Duration) -> Duration {
        let begin = Instant::now();
        while self.instances[instance].standing() != standing {
            assert!(begin.elapsed() < limit, "not {standing:?} in {limit:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        begin.elapsed()
    }

    /// Ends an instance without a word, for good.
    pub(crate) fn kill(&self, instance: usize) {
        let name = &self.instances[instance].name;
        self.broker.partition(name);
        self.broker.disconnect(name);
    }

    /// Looks every `pause` whether anybody is subscribed.
    pub(crate) fn watch(&self, pause: Duration) -> Watch {
        let client = self.broker.client(&Options::new().name("watch")).unwrap();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let inbox = client.new_inbox();
            let mut answers = client.subscribe(&inbox, None).unwrap();
            let begin = Instant::now();
            loop {
                // Nobody answers that, except the broker when nobody receives it.
                client.publish(SUBJECT, Some(&inbox), NOOP.to_vec());
                tokio::time::sleep(pause).await;
                if let Some(answer) = answers.try_next() {
                    assert!(answer.no_responders);
                    return begin.elapsed();
                }
            }
        });
        Watch(task)
    }
}

impl Instance {
    pub(crate) async fn start(broker: &Broker, name: String, place: Options, ejection: Ejection) -> Self {
        let worker = Worker::new();
        let connection = broker.connect_with(place.name(&name)).await.unwrap();
        let server = Server::builder().add_service(WorkServer::new(worker.clone())).self_ejection(ejection);
        let handle = server.start(connection.clone()).await.unwrap();
        Self { name, worker, connection, handle }
    }

    pub(crate) fn standing(&self) -> Standing {
        let standings: Vec<_> = self.handle.standings().collect();
        assert_eq!((standings.len(), standings[0].0), (1, "svc.ejection.Work"));
        standings[0].1
    }

    pub(crate) async fn reconnect(&self, broker: &Broker) {
        broker.disconnect(&self.name);
        while !self.connection.is_connected() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// By chance a bad instance gets nearly all of the first calls. A breaker would then keep from it those that it still
/// needs to notice that it does badly.
fn no_breaker() -> Policies {
    Policies::builder().for_all(Overrides::new().with_breaker(BreakerSpec::off())).build().unwrap()
}

/// Notices when nobody is subscribed.
pub(crate) struct Watch(JoinSet<Duration>);

impl Watch {
    /// When nobody was, if that has ever been.
    pub(crate) async fn emptied(&mut self) -> Option<Duration> {
        self.0.try_join_next().map(|joined| joined.unwrap())
    }
}

/// Runs one seed, alone on one thread, in no time.
pub(crate) fn run_paused(run: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(run);
}
