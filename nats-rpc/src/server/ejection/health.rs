use tokio::sync::Notify;
use tokio::time::Instant;

use super::window::{Counts, Window};
use super::{Ejection, Verdict};

/// How a service does on this instance.
pub(super) struct Health {
    settings: Ejection,
    window: Window,
    start: Instant,
    /// It has become bad.
    bad: Notify,
}

impl Health {
    pub(super) fn new(settings: Ejection) -> Self {
        let (window, start) = (Window::new(settings.window), Instant::now());
        Self { settings, window, start, bad: Notify::new() }
    }

    /// A call has ended at this time.
    pub(super) fn record(&self, at: Instant, verdict: Verdict) {
        if verdict == Verdict::Nothing || !self.settings.on {
            return;
        }
        let failed = verdict == Verdict::Bad;
        self.window.record(at.saturating_duration_since(self.start), failed);
        if failed && self.is_bad(at) {
            self.bad.notify_one();
        }
    }

    /// It comes back from an absence: why it left counts no more, however long the window is.
    pub(super) fn begin_anew(&self) {
        self.window.forget();
    }

    /// The last calls.
    pub(super) fn counts(&self, now: Instant) -> Counts {
        self.window.counts(now.saturating_duration_since(self.start))
    }

    /// Waits until it does badly.
    pub(super) async fn until_bad(&self) {
        while !self.is_bad(Instant::now()) {
            self.bad.notified().await;
        }
    }

    /// Where calls are many, the latest of them tell enough: those before would hide for seconds that it does badly now.
    fn is_bad(&self, now: Instant) -> bool {
        let at = now.saturating_duration_since(self.start);
        self.are_bad(self.window.counts(at)) || self.are_bad(self.window.latest(at))
    }

    #[expect(clippy::cast_precision_loss, reason = "so many calls do not come in a window")]
    fn are_bad(&self, Counts { calls, failures }: Counts) -> bool {
        calls >= u64::from(self.settings.min_calls)
            && failures as f64 >= self.settings.failure_ratio * calls as f64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, timeout};

    use super::{Ejection, Health, Verdict};

    fn record(health: &Health, verdict: Verdict, times: u32) {
        (0..times).for_each(|_| health.record(Instant::now(), verdict));
    }

    async fn is_bad(health: &Health) -> bool {
        timeout(Duration::ZERO, health.until_bad()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn half_of_twenty_calls_in_five_seconds_are_bad() {
        let health = Health::new(Ejection::new());
        record(&health, Verdict::Nothing, 100);
        record(&health, Verdict::Good, 11);
        record(&health, Verdict::Bad, 8);
        assert!(!is_bad(&health).await, "19 calls");
        record(&health, Verdict::Good, 1);
        assert!(!is_bad(&health).await, "8 of 20");
        record(&health, Verdict::Bad, 4);
        assert!(is_bad(&health).await, "12 of 24");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(!is_bad(&health).await, "that was long ago");
    }

    #[tokio::test(start_paused = true)]
    async fn many_good_calls_do_not_hide_for_long_that_it_does_badly_now() {
        let health = Health::new(Ejection::new());
        record(&health, Verdict::Good, 1000);
        tokio::time::advance(Duration::from_millis(1000)).await;
        record(&health, Verdict::Bad, 19);
        assert!(!is_bad(&health).await);
        record(&health, Verdict::Bad, 1);
        assert!(is_bad(&health).await);
        tokio::time::advance(Duration::from_millis(1000)).await;
        assert!(!is_bad(&health).await, "these are a fifth of the window old");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_before_an_absence_is_no_reason_for_another_one() {
        let health = Health::new(Ejection::new().with_window(Duration::from_secs(3600)));
        record(&health, Verdict::Bad, 1000);
        assert!(is_bad(&health).await);
        tokio::time::advance(Duration::from_secs(10)).await;
        health.begin_anew();
        record(&health, Verdict::Good, 20);
        assert!(!is_bad(&health).await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_told() {
        let health = std::sync::Arc::new(Health::new(Ejection::new()));
        let waiting = tokio::spawn({
            let health = std::sync::Arc::clone(&health);
            async move { health.until_bad().await }
        });
        tokio::task::yield_now().await;
        record(&health, Verdict::Bad, 20);
        timeout(Duration::from_millis(1), waiting).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn switched_off_it_is_never_bad() {
        let health = Health::new(Ejection::off());
        record(&health, Verdict::Bad, 100);
        assert!(!is_bad(&health).await);
    }
}
