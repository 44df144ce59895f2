//! A process of its own for each case: a broker, and time that passes when nothing else happens.

use std::cell::Cell;
use std::future::Future;
use std::sync::Once;
use std::time::Duration;

use nats_rpc::Connection;

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// Runs a case, whose tasks are all on this thread. None of them may panic, not even one that nobody waits for.
pub(crate) fn run<T>(case: impl Future<Output = T>) -> T {
    static COUNTING: Once = Once::new();
    COUNTING.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            tell(panic);
        }));
    });
    let before = PANICS.get();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let outcome = runtime.block_on(case);
    drop(runtime);
    assert_eq!(PANICS.get(), before, "a task has panicked");
    outcome
}

/// Waits until nothing is left, as `left` says it. Returns what is after a minute.
pub(crate) async fn settle(left: impl Fn() -> String) -> String {
    for _ in 0..120 {
        if left().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    left()
}

/// What a connection has not let go of.
pub(crate) fn left_of(connection: &Connection) -> String {
    let stats = connection.stats();
    match (stats.waiting, stats.accepted, stats.streams) {
        (0, 0, 0) => String::new(),
        _ => format!("{stats:?} "),
    }
}
