use std::time::Duration;

use nats_rpc::Priority;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::service::WorkClient;

/// Callers wait for no longer.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Of ten calls one is critical, six are default, two sheddable and one background.
const MIX: [Priority; 10] = {
    use Priority::{Background, Critical, Default, Sheddable};
    [Critical, Default, Default, Sheddable, Default, Default, Background, Default, Sheddable, Default]
};

/// How the calls of some time went.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How long those took that were handled, in order.
    handled: Vec<Duration>,
    made: [usize; 4],
    well: [usize; 4],
    lasted: Duration,
}

impl Outcome {
    /// Calls that went well, per second.
    pub(crate) fn goodput(&self) -> f64 {
        self.handled.len() as f64 / self.lasted.as_secs_f64()
    }

    /// Such a share of those that were handled took no longer; `None` if none was handled.
    pub(crate) fn quantile(&self, share: f64) -> Option<Duration> {
        self.handled.get((self.handled.len() as f64 * share) as usize).copied()
    }

    /// The share of the calls of a priority that went well.
    pub(crate) fn success(&self, priority: Priority) -> f64 {
        let index = priority as usize;
        self.well[index] as f64 / self.made[index].max(1) as f64
    }

    fn add(&mut self, priority: Priority, took: Option<Duration>) {
        self.made[priority as usize] += 1;
        if let Some(took) = took {
            self.well[priority as usize] += 1;
            self.handled.push(took);
        }
    }

    fn over(mut self, lasted: Duration) -> Self {
        self.handled.sort_unstable();
        Self { lasted, ..self }
    }
}

/// So many callers, each of which makes one call after the other.
pub(crate) async fn closed(client: &WorkClient<nats_rpc::Channel>, callers: u32, lasts: Duration) -> Outcome {
    let (begin, mut tasks, mut outcome) = (Instant::now(), JoinSet::new(), Outcome::default());
    for _ in 0..callers {
        let client = client.clone();
        tasks.spawn(async move {
            let mut took = Vec::new();
            while begin.elapsed() < lasts {
                took.push(call(&client, Priority::Critical).await);
            }
            took
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.into_iter().flatten().for_each(|took| outcome.add(Priority::Critical, took));
    }
    outcome.over(begin.elapsed())
}

/// So many calls a second, whatever becomes of those before.
pub(crate) async fn open(
    client: &WorkClient<nats_rpc::Channel>,
    per_second: f64,
    lasts: Duration,
) -> Outcome {
    let (begin, mut tasks, mut outcome) = (Instant::now(), JoinSet::new(), Outcome::default());
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut made = 0;
    while begin.elapsed() < lasts {
        ticks.tick().await;
        while (f64::from(made)) < begin.elapsed().as_secs_f64() * per_second {
            let (client, priority) = (client.clone(), MIX[made as usize % MIX.len()]);
            tasks.spawn(async move { (priority, call(&client, priority).await) });
            made += 1;
        }
        while let Some(ended) = tasks.try_join_next() {
            ended.into_iter().for_each(|(priority, took)| outcome.add(priority, took));
        }
    }
    let lasted = begin.elapsed();
    while let Some(ended) = tasks.join_next().await {
        ended.into_iter().for_each(|(priority, took)| outcome.add(priority, took));
    }
    outcome.over(lasted)
}

/// How long a call took that went well.
async fn call(client: &WorkClient<nats_rpc::Channel>, priority: Priority) -> Option<Duration> {
    let begin = Instant::now();
    client.work(1).priority(priority).timeout(TIMEOUT).await.ok().map(|_| begin.elapsed())
}
