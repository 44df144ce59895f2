use std::sync::Mutex;

use async_nats::ServerAddr;
use rand::seq::SliceRandom;

use crate::status::Status;
use crate::transport::lock;

/// The servers that can be connected to: those that were configured, and the others of their cluster.
pub(super) struct Pool {
    configured: Vec<ServerAddr>,
    /// What the last server that was connected to told of its cluster.
    discovered: Mutex<Vec<ServerAddr>>,
}

impl Pool {
    /// # Errors
    /// INVALID_ARGUMENT when a URL is none.
    pub(super) fn new(urls: &[String]) -> Result<Self, Status> {
        let mut configured = urls.iter().map(|url| parse(url)).collect::<Result<Vec<_>, _>>()?;
        if configured.is_empty() {
            configured.push(parse("nats://localhost:4222")?);
        }
        Ok(Self { configured, discovered: Mutex::default() })
    }

    /// All of them in the order to be tried: at random, so that clients spread, but configured ones first.
    pub(super) fn shuffled(&self) -> Vec<ServerAddr> {
        let mut servers = self.configured.clone();
        servers.shuffle(&mut rand::rng());
        let mut others = lock(&self.discovered).clone();
        others.shuffle(&mut rand::rng());
        servers.append(&mut others);
        servers
    }

    /// Remembers what `server` says of its cluster. The others are reached as it was: same scheme, same user.
    pub(super) fn discover(&self, server: &ServerAddr, addresses: &[String]) {
        let known = |other: &ServerAddr| {
            self.configured
                .iter()
                .any(|server| (server.host(), server.port()) == (other.host(), other.port()))
        };
        let others = addresses.iter().filter_map(|address| beside(server, address));
        *lock(&self.discovered) = others.filter(|other| !known(other)).collect();
    }
}

/// The server at `address`, which is a host and a port, as a sibling of `server`.
fn beside(server: &ServerAddr, address: &str) -> Option<ServerAddr> {
    let other: ServerAddr = address.parse().ok()?;
    let mut url = server.clone().into_inner();
    // With brackets where they belong.
    url.set_host(other.clone().into_inner().host_str()).ok()?;
    url.set_port(Some(other.port())).ok()?;
    ServerAddr::from_url(url).ok()
}

fn parse(url: &str) -> Result<ServerAddr, Status> {
    // What stands before an @ may be a password.
    let shown = url.rsplit('@').next().unwrap_or_default();
    let invalid =
        |reason: String| Status::invalid_argument(format!("{shown:?} is no URL of a server: {reason}"));
    let server = url.parse::<ServerAddr>().map_err(|error| invalid(error.to_string()))?;
    if server.host().is_empty() {
        return Err(invalid("it names no host; nats://localhost:4222 would be one".to_owned()));
    }
    if server.is_websocket() {
        return Err(invalid("websockets are not supported; nats:// or tls:// would be".to_owned()));
    }
    Ok(server)
}

/// A server's address, without user and password.
pub(super) fn shown(server: &ServerAddr) -> String {
    let host = server.host();
    let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
    format!("{}://{open}{host}{close}:{}", server.scheme(), server.port())
}

#[cfg(test)]
mod tests {
    use super::{Pool, shown};

    #[test]
    fn discovered_servers_come_last_and_like_the_one_that_told() {
        let urls = ["tls://ada:x@nats-1:4222", "tls://nats-2"].map(str::to_owned);
        let pool = Pool::new(&urls).unwrap();
        let told = ["nats-2:4222", "10.0.0.7:4333", "[fd00::1]:4222", "nats-1:4222", "no port:here"];
        pool.discover(&pool.configured[0].clone(), &told.map(str::to_owned));
        let servers = pool.shuffled();
        let mut addresses: Vec<_> = servers.iter().map(shown).collect();
        addresses[..2].sort_unstable();
        addresses[2..].sort_unstable();
        let expected =
            ["tls://nats-1:4222", "tls://nats-2:4222", "tls://10.0.0.7:4333", "tls://[fd00::1]:4222"];
        assert_eq!(addresses, expected);
        assert!(servers[2..].iter().all(|server| server.username() == Some("ada")));
        // What is no longer told is gone.
        pool.discover(&pool.configured[1].clone(), &["nats-3:4222".to_owned()]);
        let servers = pool.shuffled();
        assert_eq!((servers.len(), &*shown(&servers[2])), (3, "tls://nats-3:4222"));
        assert_eq!(servers[2].username(), None);
    }
}
