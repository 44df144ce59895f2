//! A cluster of two nodes.

use super::stage::{Cluster, memory_on_node};
use nats_rpc::transport::memory::Broker;

mod scripts {
    use crate::parity::{Raw, Sub};

    /// Waits until what `from` publishes on its node reaches `to` on another, with all interest before.
    async fn joined(from: &Raw, to: &Raw) {
        let mut probe = to.subscribe("probe", None).await;
        let mut inbox = from.subscribe("probing", None).await;
        loop {
            from.publish("probe", Some("probing"), "").await;
            from.settle().await;
            if inbox.seen().is_empty() {
                probe.next().await;
                return;
            }
        }
    }

    /// What `from` published before has arrived at `to`.
    async fn marked(from: &Raw, mark: &mut Sub) {
        from.publish("mark", None, "").await;
        mark.next().await;
    }

    /// Members of a group are chosen wherever they are: a near one is not preferred.
    pub(super) async fn groups_across_nodes(a: &Raw, b: &Raw) -> Vec<String> {
        let mut near = a.subscribe("job", Some("g")).await;
        let mut far = b.subscribe("job", Some("g")).await;
        let mut plain = b.subscribe("job", None).await;
        let mut mark = b.subscribe("mark", None).await;
        joined(a, b).await;
        for _ in 0..200 {
            a.publish("job", None, "").await;
        }
        a.settle().await;
        marked(a, &mut mark).await;
        let shares = [near.seen().len(), far.seen().len()];
        vec![
            format!("one member each time: {}", shares[0] + shares[1] == 200),
            format!("both had many: {}", shares.iter().all(|share| *share > 40)),
            format!("plain {}", plain.seen().len()),
        ]
    }

    /// A tap on another node is a responder too.
    pub(super) async fn no_responders_across_nodes(a: &Raw, b: &Raw) -> Vec<String> {
        let mut inbox = a.subscribe("inbox.*", None).await;
        let mut mark = b.subscribe("mark", None).await;
        let mut tap = b.subscribe("svc.>", None).await;
        joined(a, b).await;
        a.publish("svc.x", Some("inbox.1"), "tapped").await;
        a.publish("other.x", Some("inbox.2"), "nobody").await;
        a.settle().await;
        marked(a, &mut mark).await;
        let mut seen = tap.seen();
        seen.extend(inbox.seen());
        seen
    }
}

macro_rules! same_on_both {
    ($script:ident, $expected:expr) => {
        #[tokio::test]
        async fn $script() {
            e2e::within("the test", async {
                let cluster = Cluster::start();
                let (a, b) = (cluster.client(0).await, cluster.client(1).await);
                assert_eq!(scripts::$script(&a, &b).await, $expected, "on real servers");

                let broker = Broker::new();
                let (a, b) = (memory_on_node(&broker, "a"), memory_on_node(&broker, "b"));
                assert_eq!(scripts::$script(&a, &b).await, $expected, "on the broker within the process");
            })
            .await;
        }
    };
}

same_on_both!(groups_across_nodes, ["one member each time: true", "both had many: true", "plain 200"]);
same_on_both!(no_responders_across_nodes, ["svc.x <inbox.1>: tapped", "inbox.2: 503"]);
