use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

use super::Remote;
use crate::subject::Subject;
use crate::transport::{Delivery, Epoch, Outgoing, Ticket};
use crate::wire;

/// Instances answer one after the other. When no other has for so long, all have.
const STALL: Duration = Duration::from_millis(100);
/// The first takes as long as the way is.
const FIRST: Duration = Duration::from_millis(500);
/// What is known is asked anew after so long.
const FRESH: Duration = Duration::from_secs(5);
/// Under which services say where they are called.
pub(crate) const SUBJECT_KEY: &str = "nats-rpc.subject";

/// The instances of a service, as far as they were asked for.
#[derive(Default)]
pub(super) struct Instances(Mutex<Option<Known>>);

struct Known {
    asked: Instant,
    ids: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    #[serde(default)]
    metadata: std::collections::BTreeMap<String, String>,
}

impl Instances {
    /// Who serves, by the NATS service API.
    pub(super) async fn get(&self, remote: &Remote, epoch: &Arc<Epoch>) -> BTreeSet<String> {
        if let Some(known) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner)
            && known.asked.elapsed() < FRESH
        {
            return known.ids.clone();
        }
        let asked = Instant::now();
        let ids = ask(remote, epoch).await;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known { asked, ids: ids.clone() });
        ids
    }
}

async fn ask(remote: &Remote, epoch: &Arc<Epoch>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let subject = Subject::from(format!("$SRV.PING.{}", remote.service().replace('.', "_")));
    let Ok(ticket) = Ticket::open(Arc::clone(epoch), subject.clone(), Some(Instant::now() + FIRST)) else {
        return ids;
    };
    epoch.send_control(Outgoing::question(subject, ticket.reply_subject(), Bytes::new()));
    loop {
        match ticket.recv().await {
            Delivery::Message { payload, .. } => {
                ids.extend(serde_json::from_slice(&payload).ok().and_then(|answer| served(answer, remote)));
                ticket.set_alarm(Some(Instant::now() + STALL));
            }
            _ => return ids,
        }
    }
}

/// The id of an instance that serves at this place.
fn served(answer: Answer, remote: &Remote) -> Option<String> {
    let here = answer.metadata.get(SUBJECT_KEY).is_some_and(|prefix| prefix == remote.prefix());
    (here && wire::is_instance(&answer.id)).then_some(answer.id)
}
