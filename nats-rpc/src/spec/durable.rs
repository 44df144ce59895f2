/// How the calls of a method are kept in a JetStream stream, as `durable` in its options says.
///
/// It has no effect in this release, which keeps no calls and answers them as any other.
///
/// ```
/// use nats_rpc::spec::DurableSpec;
///
/// const DURABLE: DurableSpec = DurableSpec::new().with_stream("ORDERS");
///
/// assert_eq!((DURABLE.stream(), DURABLE.max_deliveries()), (Some("ORDERS"), 5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DurableSpec {
    stream: Option<&'static str>,
    max_deliveries: u32,
    dead_letter_subject: Option<&'static str>,
}

impl DurableSpec {
    /// The default stream, five deliveries, the default subject for dead letters.
    #[must_use]
    pub const fn new() -> Self {
        Self { stream: None, max_deliveries: 5, dead_letter_subject: None }
    }

    /// Names the stream. The default is the full name of the service with `_` for the dots.
    #[must_use]
    pub const fn with_stream(mut self, stream: &'static str) -> Self {
        self.stream = Some(stream);
        self
    }

    /// Sets how often a call is handed to a handler before it is a dead letter. The default is 5.
    ///
    /// # Panics
    /// When it is not 1 to 100; in a constant that is an error of the compiler.
    #[must_use]
    pub const fn with_max_deliveries(mut self, deliveries: u32) -> Self {
        assert!(1 <= deliveries && deliveries <= 100, "a call is delivered 1 to 100 times");
        self.max_deliveries = deliveries;
        self
    }

    /// Sets the subject of dead letters, to which a dot and the reason are added. The default is
    /// `dlq.<package>.<Service>.<Method>`.
    #[must_use]
    pub const fn with_dead_letter_subject(mut self, subject: &'static str) -> Self {
        self.dead_letter_subject = Some(subject);
        self
    }

    /// The name of the stream, if it is not the default one.
    #[must_use]
    pub const fn stream(&self) -> Option<&'static str> {
        self.stream
    }

    /// How often a call is handed to a handler before it is a dead letter.
    #[must_use]
    pub const fn max_deliveries(&self) -> u32 {
        self.max_deliveries
    }

    /// The subject of dead letters without the reason, if it is not the default one.
    #[must_use]
    pub const fn dead_letter_subject(&self) -> Option<&'static str> {
        self.dead_letter_subject
    }
}

impl Default for DurableSpec {
    fn default() -> Self {
        Self::new()
    }
}
