use std::fmt;

use super::Context;

/// The context of a handler, from its first poll to its end: the handler of a stream ends with its stream.
///
/// When it is dropped before, whatever depends on the handler is cancelled.
#[derive(Default)]
pub(crate) struct Scope {
    context: Context,
    ended: bool,
}

impl Scope {
    /// For the handler of the call that has this context.
    pub(crate) fn of_handler(context: Context) -> Self {
        Self::within(context.into_handlers())
    }

    /// For what runs within a context.
    pub(crate) fn within(context: Context) -> Self {
        Self { context, ended: false }
    }

    /// Works with the context in force.
    pub(crate) fn enter<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let _entered = Entered::new(&mut self.context);
        work()
    }

    /// The handler has ended in its own time.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if !self.ended {
            self.context.cancel();
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("context", &self.context).finish_non_exhaustive()
    }
}

/// Exchanges a context with the current one, and back when dropped, in a panic too.
struct Entered<'a>(&'a mut Context);

impl<'a> Entered<'a> {
    fn new(context: &'a mut Context) -> Self {
        context.swap_with_current();
        Self(context)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.swap_with_current();
    }
}
