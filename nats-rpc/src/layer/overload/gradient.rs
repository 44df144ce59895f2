use tokio::time::Instant;

use super::limit::GradientLimit;
use super::window::Window;

/// How far the limit goes to where a window says that it should be.
const SMOOTHING: f64 = 0.2;
/// However slow things are, a window asks for no less than half.
const STEEPEST: f64 = 0.5;

/// The limit as it is learned.
#[derive(Debug)]
pub(super) struct Gradient {
    settings: GradientLimit,
    limit: f64,
    window: Window,
    most_running: u32,
}

impl Gradient {
    pub(super) fn new(settings: GradientLimit) -> Self {
        Self { settings, limit: settings.initial().into(), window: Window::default(), most_running: 0 }
    }

    /// A call took `ratio` times as long as calls of its method do, and so many were running. Returns the limit if it
    /// changes.
    pub(super) fn observe(&mut self, ratio: f64, running: u32, now: Instant) -> Option<u32> {
        self.most_running = self.most_running.max(running);
        let recent = self.window.add(ratio, now)?;
        let most_running = f64::from(std::mem::take(&mut self.most_running));
        if most_running < self.limit / 2.0 {
            return None;
        }
        let before = self.whole();
        let gradient = (self.settings.tolerance / recent).clamp(STEEPEST, 1.0);
        let wanted = self.limit.mul_add(gradient, self.limit.sqrt());
        let limit = (wanted - self.limit).mul_add(SMOOTHING, self.limit);
        self.limit = limit.clamp(self.settings.min.into(), self.settings.max.into());
        let after = self.whole();
        (after != before).then_some(after)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within its range")]
    fn whole(&self) -> u32 {
        self.limit as u32
    }
}
