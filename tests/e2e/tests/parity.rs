//! The broker within the process does what a real server does: little scripts with raw clients, run on both, see
//! the same. What they see is written down here, so that neither side can drift.

mod accounts;
mod delivery;
mod nodes;
mod stage;

pub(crate) use stage::{Raw, Sub};

/// Runs a script on a real server and on the broker within the process; both must see what is `expected`.
macro_rules! same_on_both {
    ($script:ident, $expected:expr) => {
        #[tokio::test]
        async fn $script() {
            e2e::within("the test", async {
                let stage = $crate::parity::stage::Nats::start();
                let a = stage.client("a").await;
                let b = stage.client("b").await;
                let seen = scripts::$script(&a, &b).await;
                assert_eq!(seen, $expected, "on a real server");

                let stage = $crate::parity::stage::memory();
                let a = $crate::parity::stage::memory_client(&stage, "a");
                let b = $crate::parity::stage::memory_client(&stage, "b");
                let seen = scripts::$script(&a, &b).await;
                assert_eq!(seen, $expected, "on the broker within the process");
            })
            .await;
        }
    };
}
pub(crate) use same_on_both;
