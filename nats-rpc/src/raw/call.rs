use std::num::NonZeroU128;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Extensions;
use tokio::time::Instant;

use super::call_id::CallId;
use super::{Body, Budget};
use crate::call::{Context, MessageStream};
use crate::metadata::Metadata;
use crate::spec::Method;

/// A call that is encoded: what layers see, and what a channel carries.
#[derive(Debug)]
pub struct Call {
    method: Method,
    context: Context,
    timeout: Option<Duration>,
    /// When its time began, until it is said how long that is.
    begun: Option<Instant>,
    metadata: Metadata,
    max_window: Option<u32>,
    /// The one instance that it is for.
    instance: Option<Arc<str>>,
    id: CallId,
    /// What its further attempts are paid from, if not by the channel.
    budget: Option<Arc<Budget>>,
    extensions: Extensions,
    body: Body,
}

impl Call {
    /// Creates a call that inherits the current [`Context`].
    #[must_use]
    pub fn new(method: Method, body: Body) -> Self {
        Self::received(method, Context::current(), Metadata::new(), body)
    }

    /// A call that has come from elsewhere, with a context of its own.
    #[inline]
    pub(crate) fn received(method: Method, context: Context, metadata: Metadata, body: Body) -> Self {
        Self {
            method,
            context,
            timeout: None,
            begun: None,
            metadata,
            max_window: None,
            instance: None,
            id: CallId::default(),
            budget: None,
            extensions: Extensions::new(),
            body,
        }
    }

    /// Which method is called.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Deadline, cancellation, priority, trace and attempt.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Deadline, cancellation, priority, trace and attempt, to be changed.
    #[must_use]
    pub fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// The timeout that was asked for; `None` leaves it to the channel.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The request's metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The request's metadata, to be changed.
    #[must_use]
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.metadata
    }

    /// The id of the instance that the call is for; `None` leaves it to the queue group.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.instance.as_deref()
    }

    /// The id that all attempts at the call have in common, by which a service knows them. A channel gives one to each
    /// call of a method that is declared idempotent but has effects.
    #[must_use]
    pub fn call_id(&self) -> Option<NonZeroU128> {
        self.id.get()
    }

    /// What layers say to each other about the call, and to the handler, by type. It stays in this process.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// What layers say to each other, to be changed.
    #[must_use]
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.extensions
    }

    /// What further attempts are paid from; `None` leaves it to the channel.
    pub(crate) fn budget(&self) -> Option<&Arc<Budget>> {
        self.budget.as_ref()
    }

    /// What is sent.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What is sent, to be read.
    #[must_use]
    pub fn into_body(self) -> Body {
        self.body
    }

    pub(crate) fn take_body(&mut self) -> Body {
        std::mem::replace(&mut self.body, Body::Unary(Bytes::new()))
    }

    /// Takes the requests out of it, if they are a stream.
    #[inline]
    pub(crate) fn take_stream(&mut self) -> Option<MessageStream> {
        match self.take_body() {
            Body::Stream(stream) => Some(stream),
            message @ Body::Unary(_) => {
                self.body = message;
                None
            }
        }
    }

    /// Sets the metadata.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Replaces the context, the inherited deadline with it.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// Asks for a timeout, counted from the moment the call is made. An inherited deadline that is earlier wins.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.set_timeout(timeout);
        self
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// Aims the call at one instance of the service, by the id that discovery shows.
    #[must_use]
    pub fn with_instance(mut self, instance: impl Into<Arc<str>>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// Sets the id that all attempts at the call have in common.
    #[must_use]
    pub fn with_call_id(mut self, id: NonZeroU128) -> Self {
        self.id = Some(id).into();
        self
    }

    /// Gives it an id that its attempts have in common, unless it has one.
    pub(crate) fn ensure_id(&mut self) {
        if self.id.get().is_none() {
            self.id = CallId::random();
        }
    }

    /// Sets what layers say to each other about the call.
    #[must_use]
    pub fn with_extensions(mut self, extensions: Extensions) -> Self {
        self.extensions = extensions;
        self
    }

    /// Pays further attempts from this budget, in which the call has been entered already.
    pub(crate) fn set_budget(&mut self, budget: Arc<Budget>) {
        self.budget = Some(budget);
    }

    /// Takes the budget out.
    pub(crate) fn take_budget(&mut self) -> Option<Arc<Budget>> {
        self.budget.take()
    }

    /// How much of a stream of responses may be on its way at once, in bytes; `None` leaves it to the channel.
    #[must_use]
    pub fn max_window(&self) -> Option<u32> {
        self.max_window
    }

    /// Sets how much of a stream of responses may be on its way at once, in bytes.
    #[must_use]
    pub fn with_max_window(mut self, bytes: u32) -> Self {
        self.max_window = Some(bytes);
        self
    }

    /// Replaces what is sent.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.set_body(body);
        self
    }

    pub(crate) fn set_body(&mut self, body: Body) {
        self.body = body;
    }

    /// Its time begins now. What carries it says how long that is, unless the call does.
    pub(crate) fn begin(&mut self) {
        let now = Instant::now();
        self.limit(now, self.timeout);
        self.begun = Some(now);
    }

    /// Turns the timeout into a deadline, counted from when its time began, or from `now`; `default` is taken where
    /// none was asked for.
    #[inline]
    pub(crate) fn start(&mut self, default: Option<Duration>, now: Instant) {
        let begun = self.begun.take().unwrap_or(now);
        self.limit(begun, self.timeout.or(default));
    }

    #[inline]
    fn limit(&mut self, start: Instant, timeout: Option<Duration>) {
        if let Some(deadline) = timeout.and_then(|timeout| start.checked_add(timeout)) {
            self.context.limit(deadline);
        }
    }

    /// A copy of the call, unless its body is a stream, which can be sent only once.
    #[must_use]
    #[inline]
    pub fn try_clone(&self) -> Option<Self> {
        let Body::Unary(message) = &self.body else { return None };
        Some(Self {
            method: self.method.clone(),
            context: self.context.clone(),
            timeout: self.timeout,
            begun: self.begun,
            metadata: self.metadata.clone(),
            max_window: self.max_window,
            instance: self.instance.clone(),
            id: self.id,
            budget: self.budget.clone(),
            extensions: self.extensions.clone(),
            body: Body::Unary(message.clone()),
        })
    }

    /// Replaces the message of a call that has one.
    #[cfg(feature = "json")]
    pub(crate) fn try_map_message(
        mut self,
        map: impl FnOnce(Bytes) -> Result<Bytes, crate::status::Status>,
    ) -> Result<Self, crate::status::Status> {
        if let Body::Unary(message) = &mut self.body {
            *message = map(std::mem::take(message))?;
        }
        Ok(self)
    }

    pub(crate) fn into_parts(mut self) -> Parts {
        // Of a call within the process nobody else may have said how long it may take.
        if let Some(begun) = self.begun {
            self.start(self.method.timeout(), begun);
        }
        let Self { method, context, metadata, extensions, body, .. } = self;
        Parts { method, context, metadata, extensions, body }
    }
}

/// What a call is for its handler.
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) context: Context,
    pub(crate) metadata: Metadata,
    pub(crate) extensions: Extensions,
    pub(crate) body: Body,
}
