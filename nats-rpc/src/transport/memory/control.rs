//! What a test does to a broker.

use super::account::Import;
use super::peer::{Arrival, Held};
use super::state::{State, route};
use super::{Broker, Export, Faults};

impl Broker {
    /// Cuts every connection and refuses new ones, as a server that is stopped does.
    pub fn stop(&self) {
        self.with(|state| {
            state.stopped = true;
            for client in state.peers.keys().copied().collect::<Vec<_>>() {
                state.end(client);
            }
        });
    }

    /// Accepts connections again.
    pub fn start(&self) {
        self.with(|state| state.stopped = false);
    }

    /// Ends the connections of this name, as a server does that is restarted; what was under way to and from them is
    /// lost. They connect again by themselves, unless they are those of a [`Client`](super::Client).
    pub fn disconnect(&self, name: &str) {
        self.with(|state| {
            for client in state.named(name) {
                state.end(client);
            }
        });
    }

    /// Lets `account` use a service of another account: what it publishes to subjects that match goes there too, and
    /// the answers come back.
    ///
    /// The other side sees a reply subject that starts with `_R_`, another for every request. Answers to one that has
    /// been used up vanish, and nothing that is sent there is ever answered by a 503.
    pub fn import(&self, account: &str, export: &Export) {
        self.with(|state| {
            let (importer, exporter) = (state.account(account), state.account(&export.account));
            state.accounts[importer].imports.push(Import {
                exporter,
                pattern: export.pattern.clone(),
                response: export.response,
                threshold: export.threshold,
            });
        });
    }

    /// Makes a black hole of the route between two nodes: connections and interest stay, so there is no 503, and queue
    /// groups still choose members on the other side, but no message arrives there.
    pub fn cut_route(&self, one: &str, other: &str) {
        self.with(|state| state.cut_routes.insert(route(one, other)));
    }

    /// Ends [`cut_route`](Self::cut_route). What was sent meanwhile is lost.
    pub fn heal_route(&self, one: &str, other: &str) {
        self.with(|state| state.cut_routes.remove(&route(one, other)));
    }

    /// Makes the connections of this name, now and later, send and receive nothing until [`thaw`](Self::thaw), as those
    /// of a stopped process. The broker does not notice: it goes on to choose them.
    ///
    /// The process is not stopped itself: its own timers go on.
    pub fn freeze(&self, name: &str) {
        self.with(|state| {
            state.frozen.insert(name.to_owned());
            for client in state.named(name) {
                if let Some(peer) = state.peers.get_mut(&client) {
                    peer.held.get_or_insert_default();
                }
            }
        });
    }

    /// Ends [`freeze`](Self::freeze). Everything that was held back is received and sent, in order.
    pub fn thaw(&self, name: &str) {
        self.with(|state| {
            state.frozen.remove(name);
            for (_, held) in state.ghosts.extract_if(.., |(own, _)| own == name) {
                // What it would have sent has nowhere to go.
                let Held { arrivals, ended, .. } = held;
                arrivals.into_iter().for_each(Arrival::complete);
                drop(ended);
            }
            for client in state.named(name) {
                state.thaw(client);
            }
        });
    }

    /// Makes everything vanish that the connections of this name, now and later, publish or should receive, although
    /// they stay up. What they subscribe to is known all the same. New connections of this name are refused.
    pub fn partition(&self, name: &str) {
        self.set_partitioned(name, true);
    }

    /// Ends [`partition`](Self::partition).
    pub fn heal(&self, name: &str) {
        self.set_partitioned(name, false);
    }

    fn set_partitioned(&self, name: &str, on: bool) {
        self.with(|state| {
            if on {
                state.partitioned.insert(name.to_owned());
            } else {
                state.partitioned.remove(name);
            }
            for peer in state.peers.values_mut().filter(|peer| peer.name == name) {
                peer.partitioned = on;
            }
        });
    }

    /// Adds faults for messages from now on. Of several that apply to a message, those added first are meant.
    pub fn add_faults(&self, faults: Faults) {
        self.with(|state| state.faults.push(faults));
    }

    /// Ends all faults. What is late already stays late.
    pub fn clear_faults(&self) {
        self.with(|state| state.faults.clear());
    }
}

impl State {
    /// Lets a connection go on.
    fn thaw(&mut self, client: u64) {
        let Some(Held { commands, arrivals, .. }) =
            self.peers.get_mut(&client).and_then(|peer| peer.held.take())
        else {
            return;
        };
        for arrival in arrivals {
            self.arrive(arrival);
        }
        for command in commands {
            self.submit(client, command);
        }
    }
}
