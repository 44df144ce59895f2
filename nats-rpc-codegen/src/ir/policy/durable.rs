/// How calls are kept in a JetStream stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Durable {
    /// Name of the stream.
    pub stream: Option<String>,
    /// How often a call is handed to a handler.
    pub max_deliveries: Option<u32>,
    /// Subject of dead letters, without the reason.
    pub dead_letter_subject: Option<String>,
}
