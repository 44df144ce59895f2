use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;

use nats_rpc::{Channel, Code, Connection, Request, Status};
use tokio::sync::Mutex;

use crate::proto::{Answer, ProbeClient, Question};
use crate::{Outcome, question};

/// The name of the service whose handlers follow a script.
const SERVICE: &str = "e2e.v1.Probe";

/// A handler that does what the text of a question says, and says on standard output when it begins and ends.
///
/// | text | what it does |
/// |---|---|
/// | `echo <text>` | answers with the text |
/// | `pid` | answers with the process id; every other answer has it as its number, too |
/// | `sleep <ms>` | answers that much later |
/// | `block <ms>` | answers that much later, and holds up its thread meanwhile |
/// | `hang` | never answers |
/// | `panic`, `die` | panics; ends the process at once |
/// | `fail <code>` | ends with this status code |
/// | `big <bytes>` | answers with so many bytes |
/// | `nested <url> <prefix> <text>` | asks this of the service at that prefix, or `-` where it belongs |
///
/// The lines are `started`, and then `ended`, `panicked` or `dropped`, each with the number of the question.
#[derive(Debug, Default)]
pub struct Script {
    /// The connections of nested calls, by URL.
    connections: Mutex<HashMap<String, Connection>>,
}

impl Script {
    /// Does what the question says.
    ///
    /// # Errors
    /// What the question asks for, INVALID_ARGUMENT when it asks for nothing known.
    ///
    /// # Panics
    /// If asked to.
    pub async fn run(&self, request: Request<Question>) -> Outcome {
        let Question { text, big_number: id, .. } = request.into_inner();
        let trace = Trace::start(id.to_string());
        let outcome = self.follow(&text, id).await;
        trace.end();
        outcome.map(nats_rpc::Response::from)
    }

    pub(crate) async fn follow(&self, text: &str, id: i64) -> Result<Answer, Status> {
        let pid = std::process::id();
        Ok(Answer { big_number: pid.into(), ..self.answer(text, id).await? })
    }

    async fn answer(&self, text: &str, id: i64) -> Result<Answer, Status> {
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let number = || {
            rest.parse::<u64>()
                .map_err(|_| Status::invalid_argument(format!("{verb} takes a number, not {rest:?}")))
        };
        match verb {
            "echo" => Ok(said(rest)),
            "pid" => Ok(said(std::process::id().to_string())),
            "sleep" => {
                tokio::time::sleep(Duration::from_millis(number()?)).await;
                Ok(said("awake"))
            }
            "block" => {
                std::thread::sleep(Duration::from_millis(number()?));
                Ok(said("free"))
            }
            "hang" => std::future::pending().await,
            "panic" => panic!("as asked"),
            "die" => std::process::abort(),
            "fail" => {
                let code = Code::from_number(u32::try_from(number()?).unwrap_or(u32::MAX));
                Err(Status::new(code, "as asked"))
            }
            "big" => Ok(Answer { raw_bytes: vec![7; number()? as usize], ..said("big") }),
            "nested" => self.nested(rest, id).await,
            _ => Err(Status::invalid_argument(format!("no script: {text:?}"))),
        }
    }

    async fn nested(&self, rest: &str, id: i64) -> Result<Answer, Status> {
        let mut words = rest.splitn(3, ' ');
        let (Some(url), Some(prefix), Some(text)) = (words.next(), words.next(), words.next()) else {
            return Err(Status::invalid_argument("nested takes a URL, a prefix and a text"));
        };
        let client = ProbeClient::new(channel(self.connection(url).await?, prefix)?);
        let asked = Question { big_number: id, ..question(text) };
        Ok(client.ask(asked).await?.into_inner())
    }

    async fn connection(&self, url: &str) -> Result<Connection, Status> {
        let mut connections = self.connections.lock().await;
        if let Some(known) = connections.get(url) {
            return Ok(known.clone());
        }
        let connection = Connection::connect(url).await?;
        connections.insert(url.to_owned(), connection.clone());
        Ok(connection)
    }
}

/// A channel to the scripted service at a prefix, or `-` where it belongs.
///
/// # Errors
/// INVALID_ARGUMENT when the prefix can't be one.
pub fn channel(connection: Connection, prefix: &str) -> Result<Channel, Status> {
    let channel = Channel::new(connection);
    if prefix == "-" { Ok(channel) } else { channel.with_subject(SERVICE, prefix) }
}

fn said(text: impl Into<String>) -> Answer {
    Answer { text: text.into(), ..Answer::default() }
}

/// Prints a line at once. Nobody may be reading any more, which is no reason to fail.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Says how a handler goes.
pub(crate) struct Trace {
    name: String,
    ended: bool,
}

impl Trace {
    pub(crate) fn start(name: impl Into<String>) -> Self {
        let name = name.into();
        say(&format!("started {name}"));
        Self { name, ended: false }
    }

    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let how = match (self.ended, std::thread::panicking()) {
            (true, _) => "ended",
            (false, true) => "panicked",
            (false, false) => "dropped",
        };
        say(&format!("{how} {}", self.name));
    }
}
