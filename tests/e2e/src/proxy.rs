//! A TCP proxy that can be slow, silent or gone.

mod connection;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::connection::carry;

/// Stands between a client and a nats-server, on a port of its own.
///
/// The clients of a nats-server must not learn its own address from it: that is so for a single one.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    upstream: SocketAddr,
    flow: watch::Sender<Flow>,
    state: State,
}

/// How bytes flow.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    delay: Duration,
    stalled: bool,
}

#[derive(Debug)]
enum State {
    /// One task has the listener and all connections: they end together.
    Open(JoinHandle<()>),
    /// The port stays ours, and nobody listens there.
    Cut(TcpSocket),
    /// On the way from one to the other.
    Between,
}

impl Proxy {
    /// Forwards to this port of the loopback address.
    ///
    /// # Panics
    /// When the system refuses.
    pub async fn to_port(port: u16) -> Self {
        let upstream = (Ipv4Addr::LOCALHOST, port).into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let flow = watch::Sender::new(Flow::default());
        let task = tokio::spawn(accept(listener, upstream, flow.subscribe()));
        Self { address, upstream, flow, state: State::Open(task) }
    }

    /// What a client of a nats-server connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Delays each piece of data by this from when it comes, in both directions. What has come before keeps the
    /// delay of its time, and nothing overtakes.
    pub fn delay(&self, delay: Duration) {
        self.flow.send_modify(|flow| flow.delay = delay);
    }

    /// Lets nothing through, while all connections stay open and new ones are accepted.
    pub fn stall(&self) {
        self.flow.send_modify(|flow| flow.stalled = true);
    }

    /// Ends [`stall`](Self::stall): what came meanwhile goes on.
    pub fn resume(&self) {
        self.flow.send_modify(|flow| flow.stalled = false);
    }

    /// Closes all connections, loses what was under way, and refuses new ones.
    ///
    /// # Panics
    /// When the port is lost.
    pub async fn cut(&mut self) {
        let State::Open(task) = std::mem::replace(&mut self.state, State::Between) else {
            panic!("it was cut before");
        };
        task.abort();
        // Everything is closed when the task is gone.
        let _ = task.await;
        self.state = State::Cut(bind(self.address).await);
    }

    /// Ends [`cut`](Self::cut): accepts connections again.
    ///
    /// # Panics
    /// When it was not cut.
    pub fn restore(&mut self) {
        let State::Cut(socket) = std::mem::replace(&mut self.state, State::Between) else {
            panic!("it was not cut");
        };
        let listener = socket.listen(1024).unwrap();
        self.state = State::Open(tokio::spawn(accept(listener, self.upstream, self.flow.subscribe())));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let State::Open(task) = &self.state {
            task.abort();
        }
    }
}

/// Binds without listening, so that connecting is refused and the port remains ours.
async fn bind(address: SocketAddr) -> TcpSocket {
    let begin = tokio::time::Instant::now();
    loop {
        let socket = TcpSocket::new_v4().unwrap();
        // Connections of before may linger.
        socket.set_reuseaddr(true).unwrap();
        match socket.bind(address) {
            Ok(()) => return socket,
            // Somebody was given the port in between, for a connection on its way out.
            Err(error) => assert!(begin.elapsed() < crate::LONG, "{address} is lost: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, flow: watch::Receiver<Flow>) {
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((near, _)) = accepted {
                connections.push(carry(near, upstream, flow.clone()));
            },
            Some(_) = connections.next() => {}
        }
    }
}

#[cfg(test)]
mod tests;
