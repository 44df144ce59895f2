use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::cancellation::{Cancellation, Cancelled};
use super::{Priority, TraceContext};

thread_local! {
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::new()) };
}

/// What a call passes on to the calls that its handler makes: deadline, cancellation, priority and trace.
///
/// A handler's context is in force while the handler runs: calls made by any client inherit it without a
/// parameter. [`spawn`](crate::spawn) carries it into a task; a call's `detached()` leaves it.
///
/// When a caller gives up, its handler is dropped, and with it the calls that the handler awaits. Calls of tasks
/// that were started with [`spawn`](crate::spawn) end too, with CANCELLED, and so on through all services.
#[derive(Debug, Clone, Default)]
pub struct Context {
    deadline: Option<Instant>,
    attempt: u32,
    priority: Priority,
    trace: Option<Arc<Trace>>,
    cancellation: Cancellation,
}

#[derive(Debug, PartialEq, Eq)]
struct Trace {
    context: TraceContext,
    state: String,
}

impl Context {
    /// A context without a deadline.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            deadline: None,
            attempt: 0,
            priority: Priority::Default,
            trace: None,
            cancellation: Cancellation::None,
        }
    }

    /// A context that depends on the handler that is running; an empty one where there is none.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.with_borrow_mut(|current| {
            let cancellation = current.cancellation.dependent();
            // A call that a handler makes is another one than it handles.
            Self { cancellation, attempt: 0, ..current.facts() }
        })
    }

    /// What can be said of the handler that is running, without depending on it.
    pub(crate) fn of_handler() -> Self {
        CURRENT.with_borrow(Self::facts)
    }

    fn facts(&self) -> Self {
        Self {
            deadline: self.deadline,
            attempt: self.attempt,
            priority: self.priority,
            trace: self.trace.clone(),
            cancellation: Cancellation::None,
        }
    }

    /// When the caller gives up. `None`: never.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How much time is left until the deadline; zero after it, `None` without one.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Which attempt of the caller this is: 0 for the first.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How important the call is.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// The caller's span, where calls are traced.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.trace.as_ref().map(|trace| trace.context)
    }

    /// The `tracestate` that goes with [`trace`](Self::trace); mostly empty.
    #[must_use]
    pub fn trace_state(&self) -> &str {
        self.trace.as_ref().map_or("", |trace| &trace.state)
    }

    /// Whether the call that this context depends on was given up by its caller.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.token().is_some_and(tokio_util::sync::CancellationToken::is_cancelled)
    }

    /// Completes when the call that this context depends on is given up by its caller; never if it depends on none,
    /// or once that call has been answered.
    ///
    /// A handler itself needs no such thing, since it is dropped. A task started with [`spawn`](crate::spawn) asks
    /// its [`current`](Self::current) context:
    ///
    /// ```
    /// use nats_rpc::Context;
    ///
    /// # async fn work() {}
    /// # fn handler() {
    /// nats_rpc::spawn(async {
    ///     let context = Context::current();
    ///     tokio::select! {
    ///         () = work() => {}
    ///         () = context.cancelled() => {} // nobody wants the result any more
    ///     }
    /// });
    /// # }
    /// ```
    pub async fn cancelled(&self) {
        self.until_cancelled().await;
    }

    pub(crate) fn until_cancelled(&self) -> Cancelled {
        Cancelled::new(self.cancellation.token(), self.deadline)
    }

    /// Sets the priority.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the span that called services continue, with its `tracestate`.
    #[must_use]
    pub fn with_trace(mut self, context: TraceContext, state: impl Into<String>) -> Self {
        self.trace = Some(Arc::new(Trace { context, state: state.into() }));
        self
    }

    /// Says how many attempts at the call there were before.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Moves the deadline to `deadline` unless it is earlier already.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.limit(deadline);
        self
    }

    pub(crate) fn limit(&mut self, deadline: Instant) {
        self.deadline = Some(self.deadline.map_or(deadline, |own| own.min(deadline)));
    }

    /// For the handler of the call that has this context.
    pub(super) fn into_handlers(mut self) -> Self {
        self.cancellation = self.cancellation.of_handler();
        self
    }

    /// Tells all that depend on the handler that it has ended before its time.
    pub(super) fn cancel(&mut self) {
        self.cancellation.cancel();
    }

    /// Exchanges this context with the current one.
    pub(super) fn swap_with_current(&mut self) {
        CURRENT.with_borrow_mut(|current| std::mem::swap(current, self));
    }
}

/// Equal contexts say the same of a call; whether they depend on one does not count.
impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        (self.deadline, self.attempt, self.priority, &self.trace)
            == (other.deadline, other.attempt, other.priority, &other.trace)
    }
}

impl Eq for Context {}
