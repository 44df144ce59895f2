//! The way of a message through the broker.

use bytes::Bytes;
use tokio::time::Instant;

use super::account::Import;
use super::delays::{Event, Lane};
use super::faults::Faults;
use super::peer::Arrival;
use super::replies::{self, Target};
use super::state::State;
use crate::subject::Subject;
use crate::transport::{Incoming, Outgoing};

/// So many imports may lead from one to the next. Servers refuse those that lead in a circle.
const MAX_HOPS: u8 = 8;

impl State {
    /// Works on what a connection has published.
    pub(super) fn process(&mut self, from: u64, message: &Outgoing) {
        let Some(account) = self.peers.get(&from).map(|peer| peer.account) else { return };
        if !self.publish(from, account, message, 0)
            && let Some(reply) = &message.reply
        {
            self.no_responders(from, account, reply);
        }
    }

    /// Delivers within an account and to those that it imports from. `false`: nobody listens.
    fn publish(&mut self, from: u64, account: usize, message: &Outgoing, hops: u8) -> bool {
        let subject = message.subject.as_str();
        let receivers = self.accounts[account].receivers(subject, &mut self.rng);
        for id in &receivers {
            self.forward(from, account, *id, message);
        }
        if replies::is_of_import(subject) {
            self.answer(from, account, message, hops);
            // The server itself listens there, whether it knows the request or not.
            return true;
        }
        let mut heard = !receivers.is_empty();
        if hops < MAX_HOPS {
            for import in self.accounts[account].imports_of(subject) {
                heard |= self.request(from, account, &import, message, hops);
            }
        }
        heard
    }

    /// Takes a request to the account that serves it.
    fn request(&mut self, from: u64, account: usize, import: &Import, message: &Outgoing, hops: u8) -> bool {
        let (response, threshold) = (import.response, import.threshold);
        let reply = message.reply.clone().map(|subject| {
            let target = Target { account, subject, response, threshold };
            self.accounts[import.exporter].replies.open(&mut self.rng, target)
        });
        let mut request = Outgoing { reply, ..message.clone() };
        if hops == 0 {
            // As servers do, with the requester's account and its round trip in nanoseconds.
            let rtt = self.peers.get(&from).map_or(0, |peer| peer.latency.as_nanos() * 2);
            let info = format!(r#"{{"acc":"{}","rtt":{rtt}}}"#, self.accounts[account].name);
            request.headers.get_or_insert_default().push("Nats-Request-Info", info);
        }
        let heard = self.publish(from, import.exporter, &request, hops + 1);
        if !heard && let Some(reply) = &request.reply {
            self.accounts[import.exporter].replies.close(reply.as_str());
        }
        heard
    }

    /// Takes an answer back to the account that asked. The answer's own reply subject is replaced by the same rule.
    fn answer(&mut self, from: u64, account: usize, message: &Outgoing, hops: u8) {
        let Some(target) = self.accounts[account].replies.pass(message) else { return };
        let reply = message.reply.clone().map(|subject| {
            let back = Target { account, subject, ..target.clone() };
            self.accounts[target.account].replies.open(&mut self.rng, back)
        });
        let answer = Outgoing { subject: target.subject, reply, ..message.clone() };
        self.publish(from, target.account, &answer, hops);
    }

    /// Sends a message on its way to a subscription, if no fault is in that way.
    fn forward(&mut self, from: u64, account: usize, id: u64, message: &Outgoing) {
        if self.faults.is_empty() && self.cut_routes.is_empty() {
            return self.deliver(from, account, id, None, received(message));
        }
        let Some(to) = self.accounts[account].interests.get(&id).map(|interest| interest.client) else {
            return;
        };
        let (Some(publisher), Some(receiver)) = (self.peers.get(&from), self.peers.get(&to)) else { return };
        if self.is_cut(&publisher.node, &receiver.node) {
            return;
        }
        let subject = message.subject.as_str();
        let names = (publisher.name.as_str(), receiver.name.as_str());
        let applies = |faults: &Faults| from != to && faults.applies(subject, names.0, names.1);
        let rule = self.faults.iter().position(applies);
        let Some(rule) = rule else { return self.deliver(from, account, id, None, received(message)) };
        for _ in 0..self.faults[rule].draw_copies(&mut self.rng) {
            self.deliver(from, account, id, Some(rule), received(message));
        }
    }

    /// Tells the publisher, where it listens itself, that nobody else does.
    fn no_responders(&mut self, client: u64, account: usize, reply: &Subject) {
        let Some(id) = self.accounts[account].listens(client, reply.as_str()) else { return };
        let message = Incoming {
            subject: reply.clone(),
            reply: None,
            headers: None,
            payload: Bytes::new(),
            no_responders: true,
        };
        self.deliver(client, account, id, None, message);
    }

    /// The server's part of a delivery: counts it, and sends it at once or with the delay that a rule has for it.
    fn deliver(&mut self, from: u64, account: usize, id: u64, rule: Option<usize>, message: Incoming) {
        let interests = &mut self.accounts[account].interests;
        let Some(interest) = interests.get_mut(&id) else { return };
        let Some(receiver) = self.peers.get(&interest.client) else { return };
        let to = interest.client;
        let rule = rule.map(|rule| &self.faults[rule]);
        let delay = rule.map_or_else(Default::default, |faults| faults.draw_delay(&mut self.rng))
            + receiver.draw_latency(&mut self.rng);
        let lane = |subscription| Lane::Down { from, to, subscription };
        let (all, own) = (lane(None), lane(Some(id)));
        let (lane, other) = if rule.is_some_and(Faults::reorders) { (own, all) } else { (all, own) };
        let at_once = delay.is_zero() && !self.delays.is_busy(lane) && !self.delays.is_busy(other);
        interest.delivered += 1;
        let is_used_up = interest.is_used_up();
        let arrival = if at_once && receiver.is_running() {
            // Who has stopped listening does not get it.
            let _ = interest.sender.send(message);
            None
        } else {
            Some(Arrival { client: to, sender: interest.sender.clone(), message })
        };
        if is_used_up {
            interests.remove(&id);
        }
        match arrival {
            None => {}
            Some(arrival) if at_once => self.arrive(arrival),
            Some(arrival) => {
                // Those of one subscription stay in order when reordering begins or ends, too.
                let due = (Instant::now() + delay).max(self.delays.last(other).unwrap_or_else(Instant::now));
                self.delays.push(lane, due, Event::Arrival(arrival));
            }
        }
    }

    /// The connection's part.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        match self.peers.get_mut(&arrival.client) {
            Some(peer) if !peer.partitioned => match &mut peer.held {
                Some(held) => held.arrivals.push(arrival),
                None => arrival.complete(),
            },
            _ => {}
        }
    }
}

fn received(message: &Outgoing) -> Incoming {
    Incoming {
        subject: message.subject.clone(),
        reply: message.reply.clone(),
        headers: message.headers.clone(),
        payload: message.payload.clone(),
        no_responders: false,
    }
}
