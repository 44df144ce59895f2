use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::LONG;
use futures_util::StreamExt;
use futures_util::stream;
use nats_rpc::{Code, Status};

/// How many calls are made, and how fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct Volume {
    pub(super) calls: usize,
    /// So many are under way at most.
    pub(super) at_once: usize,
    /// Before each.
    pub(super) pause: Duration,
}

/// How calls have ended: all of them have.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    pub(super) answered: usize,
    pub(super) failed: BTreeMap<Code, usize>,
    pub(super) longest: Duration,
}

impl Outcomes {
    /// Makes calls, and prints how they have ended.
    ///
    /// # Panics
    /// When one does not end.
    pub(super) async fn of<T, Fut>(what: &str, volume: Volume, call: impl Fn(usize) -> Fut) -> Self
    where
        Fut: Future<Output = Result<T, Status>>,
    {
        let Volume { calls, at_once, pause } = volume;
        let mut outcomes = Self::default();
        let timed = |number| {
            let (call, begin) = (call(number), Instant::now());
            async move { (tokio::time::timeout(LONG * 2, call).await, begin.elapsed()) }
        };
        let numbers = stream::iter(0..calls).then(|number| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            number
        });
        let mut ends = std::pin::pin!(numbers.map(timed).buffer_unordered(at_once));
        while let Some((outcome, took)) = ends.next().await {
            match outcome {
                Ok(Ok(_)) => outcomes.answered += 1,
                Ok(Err(status)) => *outcomes.failed.entry(status.code()).or_default() += 1,
                Err(_) => panic!("{what}: a call does not end"),
            }
            outcomes.longest = outcomes.longest.max(took);
        }
        println!("{what}: {outcomes:?}");
        assert_eq!(outcomes.all(), calls, "{what}");
        outcomes
    }

    fn all(&self) -> usize {
        self.answered + self.failed.values().sum::<usize>()
    }

    /// Which part of the calls was answered well.
    pub(super) fn success(&self) -> f64 {
        self.answered as f64 / self.all() as f64
    }

    /// How many calls have failed in another way than these.
    pub(super) fn failed_otherwise(&self, codes: &[Code]) -> usize {
        self.failed.iter().filter(|(code, _)| !codes.contains(code)).map(|(_, count)| count).sum()
    }
}
