use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::account::Account;
use super::delays::{Delays, Event, Lane};
use super::faults::Faults;
use super::options::Options;
use super::peer::{Command, Held, Peer};
use crate::transport::Outgoing;

/// All that a broker knows. Nothing here waits, and every choice comes from one generator; together with maps that
/// are in order, that makes a run repeatable.
pub(super) struct State {
    pub(super) seed: u64,
    pub(super) rng: StdRng,
    /// When the clocks of all connections began.
    pub(super) start: Option<Instant>,
    /// Where the task runs that handles what is late.
    pub(super) runtime: Option<Handle>,
    pub(super) stopped: bool,
    pub(super) peers: BTreeMap<u64, Peer>,
    pub(super) accounts: Vec<Account>,
    pub(super) cut_routes: BTreeSet<(String, String)>,
    pub(super) partitioned: BTreeSet<String>,
    pub(super) frozen: BTreeSet<String>,
    /// What waits for a frozen process whose connection has ended.
    pub(super) ghosts: Vec<(String, Held)>,
    pub(super) faults: Vec<Faults>,
    pub(super) delays: Delays,
    last_name: u64,
    last_client: u64,
    last_interest: u64,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            rng: StdRng::seed_from_u64(seed),
            start: None,
            runtime: None,
            stopped: false,
            peers: BTreeMap::new(),
            accounts: Vec::new(),
            cut_routes: BTreeSet::new(),
            partitioned: BTreeSet::new(),
            frozen: BTreeSet::new(),
            ghosts: Vec::new(),
            faults: Vec::new(),
            delays: Delays::default(),
            last_name: 0,
            last_client: 0,
            last_interest: 0,
        }
    }

    /// The number of an account, which is made when it is named first.
    pub(super) fn account(&mut self, name: &str) -> usize {
        self.accounts.iter().position(|own| own.name == name).unwrap_or_else(|| {
            self.accounts.push(Account { name: name.to_owned(), ..Account::default() });
            self.accounts.len() - 1
        })
    }

    /// What a connection is called, in all its epochs.
    pub(super) fn name(&mut self, options: &Options) -> String {
        self.last_name += 1;
        options.name.clone().unwrap_or_else(|| format!("connection-{}", self.last_name))
    }

    /// Makes a connection.
    pub(super) fn open(&mut self, name: &str, options: &Options) -> u64 {
        let account = self.account(&options.account);
        let mut peer = Peer::new(name.to_owned(), account, options);
        peer.partitioned = self.partitioned.contains(name);
        peer.held = self.frozen.contains(name).then(Held::default);
        self.last_client += 1;
        self.peers.insert(self.last_client, peer);
        self.last_client
    }

    pub(super) fn next_interest(&mut self) -> u64 {
        self.last_interest += 1;
        self.last_interest
    }

    pub(super) fn is_cut(&self, one: &str, other: &str) -> bool {
        !self.cut_routes.is_empty() && self.cut_routes.contains(&route(one, other))
    }

    /// What a connection publishes: at once when nothing is in the way.
    pub(super) fn submit_message(&mut self, client: u64, message: &Outgoing) {
        let at_once = self.peers.get(&client).is_some_and(|peer| {
            peer.is_near() && peer.is_running() && !self.delays.is_busy(Lane::Up { client })
        });
        if at_once {
            self.process(client, message);
        } else {
            self.submit(client, Command::Publish(message.clone()));
        }
    }

    /// What a connection asks for, on its way to the broker.
    pub(super) fn submit(&mut self, client: u64, command: Command) {
        let Some(peer) = self.peers.get_mut(&client) else { return };
        if let Some(held) = &mut peer.held {
            held.commands.push(command);
            return;
        }
        if peer.partitioned && matches!(command, Command::Publish(_)) {
            return;
        }
        let lane = Lane::Up { client };
        if peer.is_near() && !self.delays.is_busy(lane) {
            self.execute(client, command);
        } else {
            let due = Instant::now() + peer.draw_latency(&mut self.rng);
            self.delays.push(lane, due, Event::Command { client, command });
        }
    }

    fn execute(&mut self, client: u64, command: Command) {
        let Some(account) = self.peers.get(&client).map(|peer| peer.account) else { return };
        let interests = &mut self.accounts[account].interests;
        match command {
            Command::Publish(message) => self.process(client, &message),
            Command::Subscribe { id, interest } => {
                interests.insert(id, interest);
            }
            Command::Unsubscribe { id } => {
                interests.remove(&id);
            }
            Command::UnsubscribeAfter { id, count } => {
                let Some(interest) = interests.get_mut(&id) else { return };
                interest.limit = Some(count);
                if interest.is_used_up() {
                    interests.remove(&id);
                }
            }
            Command::Close => self.end(client),
        }
    }

    /// Handles everything that is due.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        while let Some(event) = self.delays.pop(now) {
            match event {
                Event::Command { client, command } => self.execute(client, command),
                Event::Arrival(arrival) => self.arrive(arrival),
            }
        }
    }

    /// Ends a connection. A frozen process learns it when it goes on.
    pub(super) fn end(&mut self, client: u64) {
        let Some(peer) = self.peers.remove(&client) else { return };
        let ended = self.accounts[peer.account].forget(client);
        self.delays.forget(client);
        if let Some(held) = peer.held {
            self.ghosts.push((peer.name, Held { ended, ..held }));
        }
    }

    /// The connections of a name.
    pub(super) fn named(&self, name: &str) -> Vec<u64> {
        self.peers.iter().filter(|(_, peer)| peer.name == name).map(|(client, _)| *client).collect()
    }
}

/// A route leads both ways.
pub(super) fn route(one: &str, other: &str) -> (String, String) {
    let (first, second) = if one <= other { (one, other) } else { (other, one) };
    (first.to_owned(), second.to_owned())
}
