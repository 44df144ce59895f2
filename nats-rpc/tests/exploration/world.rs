//! Both ends and what is between them.

use std::collections::VecDeque;

use crate::action::Action as A;
use crate::client::{Client, Outcome};
use crate::end::Wrong;
use crate::frame::Frame;
use crate::server::{Running, Server};
use crate::setup::Setup;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) server: Server,
    /// Whether the connections are there. A client does not come back under its name; a server may.
    pub(crate) client_is_there: bool,
    pub(crate) server_is_there: bool,
    /// The OPEN is on its way through the queue group.
    pub(crate) open: bool,
    /// On their way to `_i`, in order.
    pub(crate) to_server: VecDeque<Frame>,
    /// On their way to the inbox, in order.
    pub(crate) to_client: VecDeque<Frame>,
    pub(crate) left: Left,
    /// With how many messages the handler said OK.
    answered_with: Option<u8>,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) losses: u8,
    pub(crate) duplicates: u8,
    pub(crate) mistakes: u8,
    pub(crate) disconnects: u8,
}

impl World {
    /// The OPEN has just been sent.
    pub(crate) fn new(setup: &Setup) -> Self {
        let Setup { losses, duplicates, mistakes, disconnects, .. } = *setup;
        Self {
            client: Client::new(setup),
            server: Server::Waiting,
            client_is_there: true,
            server_is_there: true,
            open: true,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            left: Left { losses, duplicates, mistakes, disconnects },
            answered_with: None,
        }
    }

    /// Both ends are over, and nothing is left of the call anywhere.
    pub(crate) fn is_final(&self) -> bool {
        let server_is_over = matches!(self.server, Server::Ended(_) | Server::Waiting);
        matches!(self.client, Client::Ended(_)) && server_is_over && self.is_silent()
    }

    pub(crate) fn is_silent(&self) -> bool {
        !self.open && self.to_server.is_empty() && self.to_client.is_empty()
    }

    /// What is on its way, as a text for people.
    pub(crate) fn on_its_way(&self) -> String {
        let queues = [("to the server", &self.to_server), ("to the client", &self.to_client)];
        let some = queues.iter().filter(|(_, queue)| !queue.is_empty());
        some.map(|(name, queue)| format!("\n    {name}: {queue:?}")).collect()
    }

    /// What must hold whatever happens, beside what the ends see themselves.
    pub(crate) fn check(&self, setup: &Setup) -> Result<(), Wrong> {
        let something_was_lost = self.left.losses < setup.losses;
        let says_lost = [self.client_outcome(), self.server_outcome()].contains(&Some(Outcome::FrameLost));
        if says_lost && !something_was_lost {
            return Err("FRAME_LOST, and nothing was lost".to_owned());
        }
        let any_trouble = self.left != Self::new(setup).left || setup.whims;
        if self.is_final() && !any_trouble && self.client_outcome() != Some(Outcome::Ok) {
            return Err(format!("{:?} without a reason", self.client_outcome()));
        }
        Ok(())
    }

    pub(crate) fn client_outcome(&self) -> Option<Outcome> {
        match self.client {
            Client::Tombstone(outcome) | Client::Ended(outcome) => Some(outcome),
            Client::Calling(_) => None,
        }
    }

    fn server_outcome(&self) -> Option<Outcome> {
        match self.server {
            Server::Ended(outcome) => Some(outcome),
            Server::Waiting | Server::Running(_) => None,
        }
    }

    /// The world after this. `None`: it can't happen now.
    pub(crate) fn after(&self, action: A, setup: &Setup) -> Result<Option<Self>, Wrong> {
        if !self.may(action, setup) {
            return Ok(None);
        }
        let mut next = self.clone();
        Ok(next.act(action, setup)?.then_some(next))
    }

    /// `false`: nothing has happened.
    fn act(&mut self, action: A, setup: &Setup) -> Result<bool, Wrong> {
        match action {
            A::DeliverOpen => {
                self.open = false;
                let accept = self.server.open(setup)?;
                self.push_to_client(accept);
            }
            A::DeliverToServer => return self.deliver_to_server(),
            A::DeliverToClient => return self.deliver_to_client(),
            A::ClientSends => {
                let data = self.client.calling_mut().and_then(|calling| calling.end.send());
                let happened = data.is_some();
                self.push_to_server(data);
                return Ok(happened);
            }
            A::ClientReads => {
                let Some(answer) = self.client.read(self.answered_with)? else { return Ok(false) };
                self.push_to_server(answer);
            }
            A::ServerSends => {
                let frames = self.server.running_mut().map(Running::send).unwrap_or_default();
                let happened = !frames.is_empty();
                self.push_to_client(frames);
                return Ok(happened);
            }
            A::ServerReads => {
                let Some(running) = self.server.running_mut() else { return Ok(false) };
                let Some(answer) = running.read(setup)? else { return Ok(false) };
                self.push_to_client(answer);
            }
            A::ServerAccepts => {
                let accept = self.server.running_mut().and_then(Running::accept);
                self.push_to_client(accept);
            }
            A::ServerEnds => {
                let broken = self.server.running().is_some_and(Running::is_broken);
                self.end_server(if broken { Outcome::FrameLost } else { Outcome::Ok })?;
            }
            A::ClientAsks => self.to_server.push_back(Frame::Ping(self.client.lists())),
            A::NotAccepted => self.end_client(Outcome::NotAccepted)?,
            A::TombstoneExpires => {
                if let Client::Tombstone(outcome) = self.client {
                    self.client = Client::Ended(outcome);
                }
            }
            A::PeerLost => self.lose_peer(),
            A::Orphaned => self.end_server(Outcome::Orphaned)?,
            A::CallerGivesUp => self.end_client(Outcome::Cancelled)?,
            A::HandlerFails => self.end_server(Outcome::Failed)?,
            A::HandlerReturnsEarly => self.end_server(Outcome::Ok)?,
            A::HandlerStopsReading => {
                let credit = self.server.running_mut().and_then(|running| running.end.discard());
                self.push_to_client(credit);
            }
            A::LoseOpen => {
                self.left.losses -= 1;
                self.open = false;
            }
            A::LoseToServer => {
                self.left.losses -= 1;
                self.to_server.pop_front();
            }
            A::LoseToClient => {
                self.left.losses -= 1;
                self.to_client.pop_front();
            }
            A::RepeatToServer | A::RepeatToServerLate => {
                self.left.duplicates -= 1;
                repeat(&mut self.to_server, action == A::RepeatToServerLate);
                return self.deliver_to_server();
            }
            A::RepeatToClient | A::RepeatToClientLate => {
                self.left.duplicates -= 1;
                repeat(&mut self.to_client, action == A::RepeatToClientLate);
                return self.deliver_to_client();
            }
            A::ClientDisconnects => {
                self.left.disconnects -= 1;
                self.client_is_there = false;
                self.nothing_is_on_its_way();
                if self.client.calling().is_some() {
                    self.client.finish(Outcome::Disconnected)?;
                } else if let Client::Tombstone(outcome) = self.client {
                    self.client = Client::Ended(outcome);
                }
            }
            A::ServerDisconnects => {
                self.left.disconnects -= 1;
                self.server_is_there = false;
                self.nothing_is_on_its_way();
                if self.server.running().is_some() {
                    self.server.finish(Outcome::Disconnected)?;
                }
            }
            A::ServerReconnects => self.server_is_there = true,
            A::ClientIsMistaken => {
                self.left.mistakes -= 1;
                self.lose_peer();
            }
            A::ServerIsMistaken => {
                self.left.mistakes -= 1;
                self.end_server(Outcome::Orphaned)?;
            }
        }
        Ok(true)
    }

    fn deliver_to_server(&mut self) -> Result<bool, Wrong> {
        let Some(frame) = self.to_server.pop_front() else { return Ok(false) };
        let answer = self.server.deliver(&frame)?;
        self.push_to_client(answer);
        Ok(true)
    }

    fn deliver_to_client(&mut self) -> Result<bool, Wrong> {
        let Some(frame) = self.to_client.pop_front() else { return Ok(false) };
        let answer = self.client.deliver(&frame)?;
        self.push_to_server(answer);
        Ok(true)
    }

    fn end_client(&mut self, outcome: Outcome) -> Result<(), Wrong> {
        let cancel = self.client.finish(outcome)?;
        self.push_to_server(cancel);
        Ok(())
    }

    fn end_server(&mut self, outcome: Outcome) -> Result<(), Wrong> {
        if outcome == Outcome::Ok {
            self.answered_with = self.server.running().map(|running| running.end.sent());
        }
        let terminal = self.server.finish(outcome)?;
        self.push_to_client(terminal);
        Ok(())
    }

    fn lose_peer(&mut self) {
        if let Some(calling) = self.client.calling_mut() {
            calling.lost.get_or_insert(Outcome::PeerLost);
        }
    }

    fn nothing_is_on_its_way(&mut self) {
        self.open = false;
        self.to_server.clear();
        self.to_client.clear();
    }

    fn push_to_server(&mut self, frames: impl IntoIterator<Item = Frame>) {
        if self.client_is_there && self.server_is_there {
            self.to_server.extend(frames);
        }
    }

    fn push_to_client(&mut self, frames: impl IntoIterator<Item = Frame>) {
        if self.client_is_there && self.server_is_there {
            self.to_client.extend(frames);
        }
    }
}

fn repeat(queue: &mut VecDeque<Frame>, late: bool) {
    let Some(frame) = queue.front().cloned() else { return };
    if late {
        queue.push_back(frame);
    } else {
        queue.push_front(frame);
    }
}
