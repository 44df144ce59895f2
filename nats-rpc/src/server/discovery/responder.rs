use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio_util::sync::CancellationToken;

use super::answer;
use super::service::Service;
use super::verb::Verb;
use crate::status::Status;
use crate::subject::Subject;
use crate::transport::{Epoch, Incoming, Outgoing, Subscription};

/// Answers for all services of a server, on one connection.
pub(in crate::server) struct Responder {
    services: Arc<[Service]>,
    epoch: Arc<Epoch>,
    listening: Vec<Listening>,
}

struct Listening {
    verb: Verb,
    /// Who is asked: positions among the services.
    asked: Vec<usize>,
    subscription: Subscription,
}

impl Responder {
    /// Subscribes once to each subject, however many services are asked there.
    pub(super) async fn subscribe(services: &Arc<[Service]>, epoch: &Arc<Epoch>) -> Result<Self, Status> {
        let mut listening = Vec::new();
        for ((verb, subject), asked) in subjects(services) {
            let subscription = epoch.subscribe(Subject::from(subject), None).await?;
            listening.push(Listening { verb, asked, subscription });
        }
        Ok(Self { services: Arc::clone(services), epoch: Arc::clone(epoch), listening })
    }

    /// Answers until the connection ends or the server begins to stop: one that stops is not to be found.
    pub(in crate::server) async fn run(mut self, stopping: CancellationToken) {
        tokio::select! {
            biased;
            () = std::future::poll_fn(|cx| self.poll_answer(cx)) => return,
            () = stopping.cancelled() => {}
        }
        for one in &mut self.listening {
            one.subscription.unsubscribe().await;
        }
    }

    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { services, epoch, listening } = self;
        listening.retain_mut(|one| {
            loop {
                match one.subscription.poll_next(cx) {
                    Poll::Ready(Some(message)) => {
                        let asked = one.asked.iter().map(|position| &services[*position]);
                        answer_all(epoch, message, one.verb, asked);
                    }
                    Poll::Ready(None) => return false,
                    Poll::Pending => return true,
                }
            }
        });
        if listening.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn answer_all<'a>(epoch: &Epoch, message: Incoming, verb: Verb, asked: impl Iterator<Item = &'a Service>) {
    let Some(reply) = message.reply else { return };
    for service in asked {
        match answer::encode(service, verb, epoch.max_payload()) {
            Ok(answer) => epoch.send_control(Outgoing::new(reply.clone(), answer.into())),
            Err(error) => tracing::warn!(%error, name = service.name, ?verb, "can't be answered"),
        }
    }
}

/// Who is asked on which subject.
fn subjects(services: &[Service]) -> BTreeMap<(Verb, String), Vec<usize>> {
    let mut subjects: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for verb in Verb::ALL {
        let all = verb.subject();
        for (position, Service { name, id, .. }) in services.iter().enumerate() {
            let id = id.as_str();
            for subject in [all.to_owned(), format!("{all}.{name}"), format!("{all}.{name}.{id}")] {
                subjects.entry((verb, subject)).or_default().push(position);
            }
        }
    }
    subjects
}
