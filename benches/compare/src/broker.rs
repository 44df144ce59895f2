use nats_server::Server;

use crate::Error;

/// The nats-server that all variants share. It ends with us, however we end.
pub(crate) struct Broker {
    server: Server,
    pub(crate) version: String,
}

impl Broker {
    pub(crate) fn start() -> Result<Self, Error> {
        let version = nats_server::locate()?.version().to_string();
        Ok(Self { server: Server::start()?, version })
    }

    /// Where clients connect to.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.server.port())
    }

    pub(crate) fn pid(&self) -> Result<u32, Error> {
        Ok(self.server.pid().ok_or("the nats-server does not run")?)
    }
}
