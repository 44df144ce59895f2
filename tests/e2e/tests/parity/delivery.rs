//! Within one account: wildcards, queue groups, and 503.

use super::same_on_both;

mod scripts {
    use crate::parity::Raw;

    /// Which of these patterns cover which of these subjects.
    pub(super) async fn wildcards(a: &Raw, _: &Raw) -> Vec<String> {
        let patterns = ["x.y", "x.*", "*.y", "x.>", ">", "x.*.z", "x", "*", "*.*", "x.y.>", "X.y"];
        let subjects = ["x", "x.y", "x.q", "x.y.z", "q", "q.y", "x.y.z.z"];
        let mut table = Vec::new();
        for pattern in patterns {
            let mut sub = a.subscribe(pattern, None).await;
            for subject in subjects {
                a.publish(subject, None, "").await;
            }
            a.settle().await;
            let seen: Vec<_> = sub.seen().iter().map(|word| word.replace(": ", "")).collect();
            let seen: Vec<_> = seen.into_iter().filter(|subject| !subject.starts_with('$')).collect();
            table.push(format!("{pattern} = {}", seen.join(" ")));
        }
        table
    }

    /// Every plain subscription and exactly one member of each group.
    pub(super) async fn groups(a: &Raw, _: &Raw) -> Vec<String> {
        let mut plain = a.subscribe("job", None).await;
        let mut twice = a.subscribe("*", None).await;
        let mut first = a.subscribe("job", Some("g")).await;
        let mut second = a.subscribe("job", Some("g")).await;
        let mut other = a.subscribe("job", Some("h")).await;
        for _ in 0..100 {
            a.publish("job", None, "").await;
        }
        a.settle().await;
        let shares = [first.seen().len(), second.seen().len()];
        vec![
            format!("plain {} {}", plain.seen().len(), twice.seen().len()),
            format!("one member each time: {}", shares[0] + shares[1] == 100),
            format!("both had some: {}", shares.iter().all(|share| *share > 0)),
            format!("other group {}", other.seen().len()),
        ]
    }

    /// Nobody listens, then a tap does, then nobody again; and a request without reply subject.
    pub(super) async fn no_responders(a: &Raw, _: &Raw) -> Vec<String> {
        let mut inbox = a.subscribe("inbox.*", None).await;
        a.publish("svc.x", Some("inbox.1"), "nobody").await;
        a.settle().await;
        let mut tap = a.subscribe("svc.>", None).await;
        a.publish("svc.x", Some("inbox.2"), "tapped").await;
        a.settle().await;
        let mut seen = tap.seen();
        drop(tap);
        a.settle().await;
        a.publish("svc.x", Some("inbox.3"), "nobody again").await;
        a.publish("svc.x", None, "nobody cares").await;
        a.settle().await;
        seen.extend(inbox.seen());
        seen
    }

    /// Who is told that nobody listens: one plain subscription of the publisher.
    pub(super) async fn who_gets_503(a: &Raw, _: &Raw) -> Vec<String> {
        let mut queued = a.subscribe("queued", Some("g")).await;
        a.publish("svc.x", Some("queued"), "").await;
        let mut exact = a.subscribe("inbox.1", None).await;
        let mut wide = a.subscribe("inbox.*", None).await;
        a.publish("svc.x", Some("inbox.1"), "").await;
        a.settle().await;
        vec![
            format!("in a group {}", queued.seen().len()),
            format!("plain {}", exact.seen().len() + wide.seen().len()),
        ]
    }

    /// A subscription that ends after so many messages.
    pub(super) async fn unsubscribing(a: &Raw, _: &Raw) -> Vec<String> {
        let mut sub = a.subscribe("job", None).await;
        a.publish("job", None, "1").await;
        a.settle().await;
        sub.unsubscribe_after(3).await;
        a.settle().await;
        for text in ["2", "3", "4"] {
            a.publish("job", None, text).await;
        }
        a.settle().await;
        let mut inbox = a.subscribe("inbox", None).await;
        a.publish("job", Some("inbox"), "5").await;
        a.settle().await;
        let mut seen = sub.seen();
        seen.extend(inbox.seen());
        seen
    }
}

same_on_both!(
    wildcards,
    [
        "x.y = x.y",
        "x.* = x.y x.q",
        "*.y = x.y q.y",
        "x.> = x.y x.q x.y.z x.y.z.z",
        "> = x x.y x.q x.y.z q q.y x.y.z.z",
        "x.*.z = x.y.z",
        "x = x",
        "* = x q",
        "*.* = x.y x.q q.y",
        "x.y.> = x.y.z x.y.z.z",
        "X.y = ",
    ]
);
same_on_both!(
    groups,
    ["plain 100 100", "one member each time: true", "both had some: true", "other group 100"]
);
same_on_both!(no_responders, ["svc.x <inbox.2>: tapped", "inbox.1: 503", "inbox.3: 503"]);
same_on_both!(who_gets_503, ["in a group 0", "plain 1"]);
same_on_both!(unsubscribing, ["job: 1", "job: 2", "job: 3", "inbox: 503"]);
