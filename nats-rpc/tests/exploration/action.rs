//! What can happen next.

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

impl Action {
    /// What happens by itself, sooner or later, if it can.
    pub(crate) const FAIR: [Self; 14] = [
        Self::DeliverOpen,
        Self::DeliverToServer,
        Self::DeliverToClient,
        Self::ClientSends,
        Self::ClientReads,
        Self::ServerSends,
        Self::ServerReads,
        Self::ServerAccepts,
        Self::ServerEnds,
        Self::ClientAsks,
        Self::NotAccepted,
        Self::TombstoneExpires,
        Self::PeerLost,
        Self::Orphaned,
    ];

    /// What somebody may want, or what goes wrong.
    pub(crate) const UNFAIR: [Self; 16] = [
        Self::CallerGivesUp,
        Self::HandlerFails,
        Self::HandlerReturnsEarly,
        Self::HandlerStopsReading,
        Self::LoseOpen,
        Self::LoseToServer,
        Self::LoseToClient,
        Self::RepeatToServer,
        Self::RepeatToServerLate,
        Self::RepeatToClient,
        Self::RepeatToClientLate,
        Self::ClientDisconnects,
        Self::ServerDisconnects,
        Self::ServerReconnects,
        Self::ClientIsMistaken,
        Self::ServerIsMistaken,
    ];
}
