//! Services that one account imports from another.

use super::same_on_both;

mod scripts {
    use crate::parity::{Raw, Sub};

    /// Sends a request from `a` and gives the reply subject that `b` sees.
    async fn request(a: &Raw, subject: &str, reply: &str, served: &mut Sub) -> String {
        a.publish(subject, Some(reply), "question").await;
        served.next().await.reply.expect("a reply subject")
    }

    async fn settle(first: &Raw, second: &Raw) {
        first.settle().await;
        second.settle().await;
    }

    /// What the responder sees. The server says in a header whose request it is.
    pub(super) async fn requests(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("one.x", None).await;
        a.publish("one.x", Some("inbox.1"), "asked").await;
        a.publish("one.x", None, "told").await;
        a.publish("other.x", None, "not imported").await;
        settle(a, b).await;
        served.seen()
    }

    pub(super) async fn reply_subjects_are_unique(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("many.x", None).await;
        let first = request(a, "many.x", "inbox.1", &mut served).await;
        let second = request(a, "many.x", "inbox.1", &mut served).await;
        vec![format!("{} {}", first.starts_with("_R_."), first != second)]
    }

    /// One of two answers passes; what follows vanishes, and a question in it gets no 503.
    pub(super) async fn singleton(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("one.x", None).await;
        let mut inbox = a.subscribe("inbox.*", None).await;
        let mut own = b.subscribe("own", None).await;
        let reply = request(a, "one.x", "inbox.1", &mut served).await;
        b.publish(&reply, None, "first").await;
        b.publish(&reply, None, "second").await;
        b.publish(&reply, Some("own"), "third").await;
        settle(b, a).await;
        let mut seen = inbox.seen();
        seen.extend(own.seen());
        seen
    }

    /// All answers pass, the empty one as the last.
    pub(super) async fn stream(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("many.x", None).await;
        let mut inbox = a.subscribe("inbox.*", None).await;
        let mut own = b.subscribe("own", None).await;
        let reply = request(a, "many.x", "inbox.1", &mut served).await;
        for text in ["first", "second", "third", ""] {
            b.publish(&reply, None, text).await;
        }
        b.publish(&reply, None, "too late").await;
        b.publish(&reply, Some("own"), "too late too").await;
        settle(b, a).await;
        let mut seen = inbox.seen();
        seen.extend(own.seen());
        seen
    }

    /// An answer that asks back: what answers it is subject to the same rule, and lives by itself.
    async fn ask_back(a: &Raw, b: &Raw, subject: &str) -> Vec<String> {
        let mut served = b.subscribe(subject, None).await;
        let mut inbox = a.subscribe("inbox.*", None).await;
        let mut own = b.subscribe("own.*", None).await;
        let reply = request(a, subject, "inbox.1", &mut served).await;
        b.publish(&reply, Some("own.1"), "and you?").await;
        b.publish(&reply, None, "").await;
        let back = inbox.next().await.reply.expect("a reply subject");
        for text in ["fine", "really", "", "too late"] {
            a.publish(&back, Some("inbox.2"), text).await;
        }
        settle(a, b).await;
        own.seen()
    }

    pub(super) async fn asking_back_singleton(a: &Raw, b: &Raw) -> Vec<String> {
        ask_back(a, b, "one.x").await
    }

    pub(super) async fn asking_back_stream(a: &Raw, b: &Raw) -> Vec<String> {
        ask_back(a, b, "many.x").await
    }

    /// Nobody serves what is imported.
    pub(super) async fn no_responders(a: &Raw, b: &Raw) -> Vec<String> {
        let mut inbox = a.subscribe("inbox.*", None).await;
        a.publish("one.x", Some("inbox.1"), "").await;
        a.publish("many.x", Some("inbox.2"), "").await;
        settle(a, b).await;
        inbox.seen()
    }

    /// Nobody serves what is imported, but somebody of the own account listens.
    pub(super) async fn tap_beside_an_import(a: &Raw, b: &Raw) -> Vec<String> {
        let mut tap = a.subscribe("one.>", None).await;
        let mut inbox = a.subscribe("inbox.*", None).await;
        a.publish("one.x", Some("inbox.1"), "asked").await;
        settle(a, b).await;
        let mut seen = tap.seen();
        seen.extend(inbox.seen());
        seen
    }

    /// A requester that listens no longer.
    pub(super) async fn vanished_requester(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("many.x", None).await;
        let inbox = a.subscribe("inbox.*", None).await;
        let mut own = b.subscribe("own", None).await;
        let reply = request(a, "many.x", "inbox.1", &mut served).await;
        drop(inbox);
        a.settle().await;
        b.publish(&reply, Some("own"), "anybody?").await;
        settle(b, a).await;
        own.seen()
    }

    /// A tap on everything in the account that serves.
    pub(super) async fn tap_of_the_exporter(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("one.x", None).await;
        let mut tap = b.subscribe("_R_.>", None).await;
        let mut inbox = a.subscribe("inbox.*", None).await;
        let reply = request(a, "one.x", "inbox.1", &mut served).await;
        b.publish(&reply, None, "answer").await;
        settle(b, a).await;
        let mut seen = tap.seen();
        seen.extend(inbox.seen());
        seen
    }

    /// What was idle for longer than the threshold is gone.
    pub(super) async fn threshold(a: &Raw, b: &Raw) -> Vec<String> {
        let mut served = b.subscribe("brief.>", None).await;
        let mut inbox = a.subscribe("inbox.*", None).await;
        let unused = request(a, "brief.one.x", "inbox.1", &mut served).await;
        let used = request(a, "brief.many.x", "inbox.2", &mut served).await;
        b.publish(&used, None, "in time").await;
        settle(b, a).await;
        // Here time itself is what is waited for. Servers look only now and then.
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        b.publish(&unused, None, "too late").await;
        b.publish(&used, None, "too late").await;
        settle(b, a).await;
        inbox.seen()
    }
}

same_on_both!(requests, ["one.x <_R_> +Nats-Request-Info: asked", "one.x +Nats-Request-Info: told"]);
same_on_both!(reply_subjects_are_unique, ["true true"]);
same_on_both!(singleton, ["inbox.1: first"]);
same_on_both!(stream, ["inbox.1: first", "inbox.1: second", "inbox.1: third", "inbox.1: "]);
same_on_both!(asking_back_singleton, ["own.1 <_R_>: fine"]);
same_on_both!(asking_back_stream, ["own.1 <_R_>: fine", "own.1 <_R_>: really", "own.1 <_R_>: "]);
same_on_both!(no_responders, ["inbox.1: 503", "inbox.2: 503"]);
same_on_both!(tap_beside_an_import, ["one.x <inbox.1>: asked"]);
same_on_both!(vanished_requester, [""; 0]);
same_on_both!(tap_of_the_exporter, ["_R_: answer", "inbox.1: answer"]);
same_on_both!(threshold, ["inbox.2: in time"]);
