//! What is left of calls: nothing, in the end.

use nats_rpc::Connection;
use nats_rpc::server::Handle;

use crate::until;

/// Waits until a client's connection has no entry of any call.
///
/// # Panics
/// When one stays.
pub async fn nothing_waits(connection: &Connection) {
    until("no call waits", || {
        let stats = connection.stats();
        stats.waiting == 0 && stats.accepted == 0 && stats.streams == 0
    })
    .await;
}

/// Waits until a server has no entry of any call.
///
/// # Panics
/// When one stays.
pub async fn nothing_runs(server: &Handle) {
    until("no handler runs", || {
        let stats = server.stats();
        stats.running == 0 && stats.accepted == 0
    })
    .await;
}
