use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt;
use http::Extensions;

use crate::call::Streaming;
use crate::status::Status;

type Check = Arc<dyn Fn(&dyn Any) -> Result<(), Status> + Send + Sync>;

/// What is to hold for messages, by their types. It goes with a call to where its message is decoded, so that it is
/// decoded once.
#[derive(Clone, Default)]
pub(crate) struct Checks(Arc<Vec<(TypeId, Check)>>);

impl Checks {
    pub(super) fn add<M: 'static>(
        &mut self,
        check: impl Fn(&M) -> Result<(), Status> + Send + Sync + 'static,
    ) {
        let check: Check = Arc::new(move |message| message.downcast_ref().map_or(Ok(()), &check));
        Arc::make_mut(&mut self.0).push((TypeId::of::<M>(), check));
    }

    /// Adds those of another layer around the same service, which come first.
    pub(super) fn after(&self, outer: &Self) -> Self {
        Self(Arc::new(outer.0.iter().chain(&*self.0).cloned().collect()))
    }

    /// The message, if everything holds.
    fn pass<M: 'static>(&self, message: M) -> Result<M, Status> {
        let mut own = self.0.iter().filter(|(of, _)| *of == TypeId::of::<M>());
        own.try_for_each(|(_, check)| check(&message))?;
        Ok(message)
    }
}

/// A call's only message, if everything holds that its layers say.
pub(crate) fn checked<M: 'static>(extensions: &Extensions, message: M) -> Result<M, Status> {
    match extensions.get::<Checks>() {
        Some(checks) => checks.pass(message),
        None => Ok(message),
    }
}

/// A call's messages, as far as everything holds that its layers say.
pub(crate) fn checked_stream<M: 'static>(extensions: &Extensions, messages: Streaming<M>) -> Streaming<M> {
    match extensions.get::<Checks>().cloned() {
        Some(checks) => Streaming::new(messages.map(move |message| checks.pass(message?))),
        None => messages,
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} checks", self.0.len())
    }
}
