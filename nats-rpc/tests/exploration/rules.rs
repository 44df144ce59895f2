//! When what can happen.

use crate::action::Action as A;
use crate::client::Client;
use crate::end::End;
use crate::frame::Frame;
use crate::setup::Setup;
use crate::world::World;

impl World {
    /// Whether this can happen, as far as that can be seen from outside of the ends.
    pub(crate) fn may(&self, action: A, setup: &Setup) -> bool {
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
}
