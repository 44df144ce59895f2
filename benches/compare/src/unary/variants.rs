use super::ours::Layers;
use super::{Role, Side, Stack};
use crate::row::{Setup, Variant};
use crate::worker::{self, Flavor};
use Flavor::{CurrentThread, MultiThread};

// Names of variants, in the report and for ratios.
pub(super) const RAW: &str = "raw async-nats";
pub(super) const OURS: &str = "nats-rpc";
pub(super) const OURS_BARE: &str = "nats-rpc bare";
pub(super) const OURS_ALONE: &str = "nats-rpc without coalescing";
pub(super) const OURS_TWO: &str = "nats-rpc, 2 connections";
pub(super) const OURS_CURRENT: &str = "nats-rpc, current-thread";
pub(super) const OURS_BEST: &str = "nats-rpc, best";
pub(super) const TONIC: &str = "tonic";
pub(super) const TONIC_BEST_MULTI: &str = "tonic, best multi-threaded";
pub(super) const TONIC_BEST: &str = "tonic, best";
pub(super) const FLOOR: &str = "raw protocol floor";

/// A variant by its name.
pub(super) fn variant(name: &'static str, quick: bool) -> Variant {
    const DEFAULT: Stack = Stack::Ours(Layers::Default);
    let one = |stack| vec![setup(stack, 1, [MultiThread; 2])];
    let setups = match name {
        RAW => one(Stack::Raw),
        OURS => one(DEFAULT),
        OURS_BARE => one(Stack::Ours(Layers::Bare)),
        OURS_ALONE => one(Stack::Ours(Layers::WithoutCoalescing)),
        OURS_TWO => vec![setup(DEFAULT, 2, [MultiThread; 2])],
        OURS_CURRENT => vec![setup(DEFAULT, 1, [CurrentThread; 2])],
        OURS_BEST => setups(DEFAULT, &[1, 2], &SAME),
        TONIC => one(Stack::Tonic),
        TONIC_BEST_MULTI => setups(Stack::Tonic, &[1, 2, 4], &SAME[..1]),
        TONIC_BEST if quick => setups(Stack::Tonic, &[1, 2, 4], &SAME),
        TONIC_BEST => setups(Stack::Tonic, &[1, 2, 4], &ALL),
        FLOOR => vec![setup(Stack::Floor, 1, [CurrentThread; 2])],
        _ => Vec::new(),
    };
    Variant { name, setups, counts_allocations: name != FLOOR }
}

/// The same runtime on both sides.
const SAME: [[Flavor; 2]; 2] = [[MultiThread; 2], [CurrentThread; 2]];
/// Of client and server.
const ALL: [[Flavor; 2]; 4] = [SAME[0], SAME[1], [MultiThread, CurrentThread], [CurrentThread, MultiThread]];

fn setups(stack: Stack, connections: &[usize], flavors: &[[Flavor; 2]]) -> Vec<Setup> {
    let pairs =
        flavors.iter().flat_map(|flavors| connections.iter().map(|connections| (*flavors, *connections)));
    pairs.map(|(flavors, connections)| setup(stack, connections, flavors)).collect()
}

fn setup(stack: Stack, connections: usize, [client, server]: [Flavor; 2]) -> Setup {
    let role = |side, flavor| worker::Role::Unary(Role { side, stack, flavor, connections });
    let connected = match connections {
        1 => "1 connection".to_owned(),
        _ => format!("{connections} connections"),
    };
    let name = match client == server {
        true => format!("{connected}, {client}"),
        false => format!("{connected}, {client} client, {server} server"),
    };
    Setup { name, servers: vec![role(Side::Server, server)], client: role(Side::Client, client) }
}
