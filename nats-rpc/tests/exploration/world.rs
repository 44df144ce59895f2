//! Both ends and what is between them, and all that can happen next.

use std::collections::VecDeque;

use crate::client::{Client, Outcome};
use crate::end::{End, Wrong};
use crate::frame::Frame;
use crate::server::Server;
use crate::setup::Setup;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    client: Client,
    server: Server,
    /// Whether the connections are there. A client does not come back under its name; a server may.
    client_is_there: bool,
    server_is_there: bool,
    /// The OPEN is on its way through the queue group.
    open: bool,
    /// On their way to `_i`, in order.
    to_server: VecDeque<Frame>,
    /// On their way to the inbox, in order.
    to_client: VecDeque<Frame>,
    left: Left,
    /// With how many messages the handler said OK.
    answered_with: Option<u8>,
}

/// What may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Left {
    losses: u8,
    duplicates: u8,
    mistakes: u8,
    disconnects: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    DeliverOpen,
    DeliverToServer,
    DeliverToClient,

    ClientSends,
    ClientReads,
    ServerSends,
    ServerReads,
    /// Late: the call takes long.
    ServerAccepts,
    /// The handler has read and sent all, or the stream is broken.
    ServerEnds,

    /// The audit: lists the call, or only other calls.
    ClientAsks,
    /// What happens when nothing has for long.
    NotAccepted,
    TombstoneExpires,
    PeerLost,
    Orphaned,

    CallerGivesUp,
    HandlerFails,
    HandlerReturnsEarly,
    HandlerStopsReading,

    LoseOpen,
    LoseToServer,
    LoseToClient,
    /// The next frame comes now, and once more right after it, or after all that is on its way.
    RepeatToServer,
    RepeatToServerLate,
    RepeatToClient,
    RepeatToClientLate,
    ClientDisconnects,
    ServerDisconnects,
    ServerReconnects,
    /// The client takes the server for dead, or the server its caller, because they stood still.
    ClientIsMistaken,
    ServerIsMistaken,
}

use Action as A;

impl Action {
    /// What happens by itself, sooner or later, if it can.
    pub(crate) const FAIR: [Self; 14] = [
        A::DeliverOpen,
        A::DeliverToServer,
        A::DeliverToClient,
        A::ClientSends,
        A::ClientReads,
        A::ServerSends,
        A::ServerReads,
        A::ServerAccepts,
        A::ServerEnds,
        A::ClientAsks,
        A::NotAccepted,
        A::TombstoneExpires,
        A::PeerLost,
        A::Orphaned,
    ];

    /// What somebody may want, or what goes wrong.
    pub(crate) const UNFAIR: [Self; 16] = [
        A::CallerGivesUp,
        A::HandlerFails,
        A::HandlerReturnsEarly,
        A::HandlerStopsReading,
        A::LoseOpen,
        A::LoseToServer,
        A::LoseToClient,
        A::RepeatToServer,
        A::RepeatToServerLate,
        A::RepeatToClient,
        A::RepeatToClientLate,
        A::ClientDisconnects,
        A::ServerDisconnects,
        A::ServerReconnects,
        A::ClientIsMistaken,
        A::ServerIsMistaken,
    ];
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

    fn is_silent(&self) -> bool {
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
        let any_trouble = self.left != World::new(setup).left || setup.whims;
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
    pub(crate) fn after(&self, action: Action, setup: &Setup) -> Result<Option<Self>, Wrong> {
        if !self.may(action, setup) {
            return Ok(None);
        }
        let mut next = self.clone();
        Ok(next.act(action, setup)?.then_some(next))
    }

    /// Whether this can happen, as far as that can be seen from outside of the ends.
    fn may(&self, action: Action, setup: &Setup) -> bool {
        let (calling, running) = (self.client.calling(), self.server.running());
        match action {
            A::DeliverOpen => self.open,
            A::DeliverToServer => !self.to_server.is_empty(),
            A::DeliverToClient => !self.to_client.is_empty(),
            A::ClientSends => calling.is_some_and(|calling| calling.accepted && calling.lost.is_none()),
            A::ClientReads => calling.is_some(),
            A::ServerSends => running.is_some(),
            A::ServerReads => running.is_some_and(|running| running.end.can_read()),
            A::ServerAccepts => running.is_some_and(|running| !running.accepted),
            A::ServerEnds => running.is_some_and(|running| running.is_done() || running.is_broken()),
            A::ClientAsks => self.client_is_there && !self.is_asking() && self.has_something_to_ask(),
            // An ACCEPT comes in a second at most, and these take longer. Nobody waits for it any more once the answer
            // has begun.
            A::NotAccepted => {
                let has_nothing = |end: &End| end.over.is_none() && end.entry().received == 0;
                calling.is_some_and(|calling| !calling.accepted && has_nothing(&calling.end))
                    && !self.may_be_accepted()
            }
            A::TombstoneExpires => matches!(self.client, Client::Tombstone(_)) && !self.may_be_accepted(),
            A::PeerLost => self.client.lists().is_some() && !self.server_is_there && self.is_silent(),
            // The call is listed every five seconds, and given up after fifteen.
            A::Orphaned => {
                running.is_some_and(|running| running.accepted && !running.is_broken())
                    && (self.client.lists().is_none() || !self.client_is_there)
                    && self.is_silent()
            }
            A::CallerGivesUp => setup.whims && calling.is_some(),
            A::HandlerFails => setup.whims && running.is_some_and(|running| !running.is_broken()),
            A::HandlerReturnsEarly => {
                let is_free = |end: &End| end.over.is_none() && !end.is_within_message();
                setup.whims && running.is_some_and(|running| is_free(&running.end) && !running.is_done())
            }
            A::HandlerStopsReading => {
                setup.whims && running.is_some_and(|running| !running.end.discards() && !running.is_done())
            }
            A::LoseOpen => self.left.losses > 0 && self.open,
            A::LoseToServer => self.left.losses > 0 && !self.to_server.is_empty(),
            A::LoseToClient => self.left.losses > 0 && !self.to_client.is_empty(),
            A::RepeatToServer => self.left.duplicates > 0 && !self.to_server.is_empty(),
            A::RepeatToServerLate => self.left.duplicates > 0 && self.to_server.len() > 1,
            A::RepeatToClient => self.left.duplicates > 0 && !self.to_client.is_empty(),
            A::RepeatToClientLate => self.left.duplicates > 0 && self.to_client.len() > 1,
            A::ClientDisconnects => self.left.disconnects > 0 && self.client_is_there && !self.is_final(),
            A::ServerDisconnects => self.left.disconnects > 0 && self.server_is_there && !self.is_final(),
            A::ServerReconnects => !self.server_is_there,
            A::ClientIsMistaken => self.left.mistakes > 0 && self.client.lists().is_some(),
            A::ServerIsMistaken => {
                self.left.mistakes > 0
                    && running.is_some_and(|running| running.accepted && !running.is_broken())
            }
        }
    }

    /// One question at a time.
    fn is_asking(&self) -> bool {
        self.to_server.iter().any(|frame| matches!(frame, Frame::Ping(_)))
            || self.to_client.iter().any(|frame| matches!(frame, Frame::Pong(_)))
    }

    /// The client asks after the call, or has ended it and asks after others.
    fn has_something_to_ask(&self) -> bool {
        let is_held = || self.server.running().is_some_and(|running| running.accepted);
        self.server_is_there
            && (self.client.lists().is_some() || (self.client.calling().is_none() && is_held()))
    }

    fn may_be_accepted(&self) -> bool {
        !self.is_silent() || self.server.running().is_some_and(|running| !running.accepted)
    }

    /// `false`: nothing has happened.
    fn act(&mut self, action: Action, setup: &Setup) -> Result<bool, Wrong> {
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
                let frames = self.server.running_mut().map(|running| running.send()).unwrap_or_default();
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
                let accept = self.server.running_mut().and_then(|running| running.accept());
                self.push_to_client(accept);
            }
            A::ServerEnds => {
                let broken = self.server.running().is_some_and(|running| running.is_broken());
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
