use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::foreign::{self, Info};
use super::service::{Endpoint, Service};
use super::verb::Verb;
use crate::status::Status;
use crate::subject::{Subject, matches};
use crate::transport::{Delivery, Epoch, Outgoing, Ticket};
use crate::wire::beginning;

/// Longest text of others that is shown, in bytes.
const MAX_SHOWN: usize = 256;

/// Asks everybody what they serve, and listens for `wait`, or not at all when the NATS server says that nobody is
/// there to answer. Returns whether anybody shares a queue group who was not made with nats-rpc.
pub(super) async fn run(services: &[Service], epoch: &Arc<Epoch>, wait: Duration) -> Result<bool, Status> {
    let subject = Subject::from_static(Verb::Info.subject());
    let ticket = Ticket::open(Arc::clone(epoch), subject.clone(), Instant::now().checked_add(wait))?;
    epoch.send_control(Outgoing::question(subject, ticket.reply_subject(), Bytes::new()));
    let (mut ignored, mut foreign) = (0_u64, false);
    loop {
        match ticket.recv().await {
            Delivery::Message { payload, .. } => match Info::parse(&payload) {
                Ok(other) => {
                    refuse_conflict(services, &other)?;
                    foreign |= !other.is_nats_rpc && shares_a_subject(services, &other);
                }
                Err(error) => {
                    ignored += 1;
                    tracing::debug!(%error, ignored, "an answer to $SRV.INFO can't be read");
                }
            },
            Delivery::Denied => {
                tracing::warn!("may not ask who serves the same subjects in another queue group");
                return Ok(foreign);
            }
            Delivery::NoResponders | Delivery::Unbatched | Delivery::Alarm => return Ok(foreign),
            Delivery::Disconnected | Delivery::Lost(_) => {
                return Err(Status::transport("the connection has ended"));
            }
        }
    }
}

fn refuse_conflict(services: &[Service], other: &Info) -> Result<(), Status> {
    for service in services {
        for endpoint in service.endpoints() {
            let theirs = other.endpoints.iter().find(|theirs| {
                theirs.queue_group.as_ref() != Some(&service.queue_group)
                    && matches(&theirs.subject, endpoint.subject.as_str())
            });
            if let Some(theirs) = theirs {
                return Err(conflict(service, endpoint, other, theirs));
            }
        }
    }
    Ok(())
}

fn shares_a_subject(services: &[Service], other: &Info) -> bool {
    let own = services.iter().flat_map(Service::endpoints);
    own.into_iter()
        .any(|own| other.endpoints.iter().any(|theirs| matches(&theirs.subject, own.subject.as_str())))
}

fn conflict(service: &Service, endpoint: &Endpoint, other: &Info, theirs: &foreign::Endpoint) -> Status {
    let shown = |text| beginning(text, MAX_SHOWN);
    let (their_group, remedy) = match theirs.queue_group.as_deref().map(shown) {
        Some(group) => (
            format!("in the queue group {group:?}"),
            format!("join it with Mount::queue_group({group:?}), or stop the other"),
        ),
        None => ("in no queue group".to_owned(), "stop the other".to_owned()),
    };
    Status::failed_precondition(format!(
        "{:?} is served already, by {:?} with the id {:?}, {their_group}, and here it would be in the queue group \
         {:?}: every call would run twice; {remedy}, or switch this check off with Builder::startup_check",
        endpoint.subject.as_str(),
        shown(&other.name),
        shown(&other.id),
        service.queue_group,
    ))
}

#[cfg(test)]
mod tests;
