//! The service that is called: it does what its request says, and writes down what it does.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use nats_rpc::{Code, Request, Response, Status};

use crate::ledger::Book;

/// What a handler is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Answer,
    AnswerAfter(Duration),
    FailAfter(Duration),
    Panic,
    Hang,
    /// Calls the service behind this one in a task of its own, and answers what that answers.
    Relay(Duration),
}

/// The number of a call, and its order: what a request holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job {
    pub(crate) id: usize,
    pub(crate) order: Order,
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, time) = match self.order {
            Order::Answer => ("answer", Duration::ZERO),
            Order::AnswerAfter(time) => ("after", time),
            Order::FailAfter(time) => ("fail", time),
            Order::Panic => ("panic", Duration::ZERO),
            Order::Hang => ("hang", Duration::ZERO),
            Order::Relay(time) => ("relay", time),
        };
        write!(f, "{} {word} {}", self.id, time.as_millis())
    }
}

impl FromStr for Job {
    type Err = Status;

    fn from_str(text: &str) -> Result<Self, Status> {
        let wrong = || Status::invalid_argument(format!("no job: {text:?}"));
        let [id, word, millis] = text.split(' ').collect::<Vec<_>>()[..] else { return Err(wrong()) };
        let time = Duration::from_millis(millis.parse().map_err(|_| wrong())?);
        let order = match word {
            "answer" => Order::Answer,
            "after" => Order::AnswerAfter(time),
            "fail" => Order::FailAfter(time),
            "panic" => Order::Panic,
            "hang" => Order::Hang,
            "relay" => Order::Relay(time),
            _ => return Err(wrong()),
        };
        Ok(Self { id: id.parse().map_err(|_| wrong())?, order })
    }
}

#[nats_rpc::service(package = "sim")]
pub(crate) trait Probe {
    async fn act(&self, request: Request<String>) -> Result<Response<String>, Status>;

    /// May run twice.
    #[rpc(idempotency = "idempotent")]
    async fn read(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

/// One instance.
pub(crate) struct Instance {
    pub(crate) book: Book,
    /// The service behind this one, if it is not the last.
    pub(crate) behind: Option<ProbeClient>,
}

impl Probe for Instance {
    async fn act(&self, request: Request<String>) -> Result<Response<String>, Status> {
        self.work(request).await
    }

    async fn read(&self, request: Request<String>) -> Result<Response<String>, Status> {
        self.work(request).await
    }
}

const PANIC: &str = "on purpose";
pub(crate) const FAILURE: Code = Code::FailedPrecondition;

impl Instance {
    async fn work(&self, request: Request<String>) -> Result<Response<String>, Status> {
        let job: Job = request.get_ref().parse()?;
        let running = self.book.started(job.id);
        match job.order {
            Order::Answer => {}
            Order::AnswerAfter(time) => tokio::time::sleep(time).await,
            Order::FailAfter(time) => {
                tokio::time::sleep(time).await;
                running.ended();
                return Err(Status::new(FAILURE, format!("failed {}", job.id)));
            }
            Order::Panic => std::panic::panic_any(PANIC),
            Order::Hang => std::future::pending().await,
            Order::Relay(time) => {
                if let Some(behind) = &self.behind {
                    let further = Job { order: Order::AnswerAfter(time), ..job };
                    let call = behind.act(further.to_string());
                    let reply =
                        nats_rpc::spawn(call).await.map_err(|_| Status::internal("the task died"))??;
                    running.ended();
                    return Ok(reply.into_inner().into());
                }
            }
        }
        running.ended();
        Ok(answer(job.id).into())
    }
}

pub(crate) fn answer(id: usize) -> String {
    format!("done {id}")
}

/// Panics of handlers are part of the play; all others are told as ever.
pub(crate) fn quiet_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&PANIC) {
            tell(panic);
        }
    }));
}
