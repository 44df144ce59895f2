use super::refuse_conflict;
use crate::server::discovery::foreign::{Endpoint, Info};
use crate::server::discovery::service::Service;
use crate::server::discovery::testing::{idle, place};
use crate::status::Code;

fn outcome(subject: &str, queue_group: Option<&str>) -> Result<(), String> {
    let service = Service::new(&idle().queue_group("q"), place(&idle()), 0).unwrap();
    let theirs = Endpoint { subject: subject.to_owned(), queue_group: queue_group.map(str::to_owned) };
    let elsewhere = Endpoint { subject: "elsewhere".to_owned(), queue_group: None };
    let (name, id) = ("theirs".to_owned(), "X7".to_owned());
    let other = Info { name, id, endpoints: vec![elsewhere, theirs], is_nats_rpc: false };
    refuse_conflict(&[service], &other).map_err(|status| {
        assert_eq!(status.code(), Code::FailedPrecondition);
        status.message().to_owned()
    })
}

#[test]
fn another_group_on_the_same_subject_is_refused_with_all_that_helps() {
    let text = outcome("svc.test.v1.Idle.B", Some("blue")).unwrap_err();
    for part in [
        r#""svc.test.v1.Idle.B""#,
        r#""theirs""#,
        r#""X7""#,
        r#""blue""#,
        r#""q""#,
        r#"Mount::queue_group("blue")"#,
        "Builder::startup_check",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn no_group_and_wildcards_are_refused_too() {
    for (subject, group) in [
        ("svc.test.v1.Idle.A", None),
        ("svc.test.v1.Idle.*", Some("blue")),
        ("svc.>", None),
        (">", Some("blue")),
        ("svc.*.v1.Idle.B", Some("blue")),
    ] {
        outcome(subject, group).unwrap_err();
    }
    assert!(!outcome("svc.>", None).unwrap_err().contains("Mount::queue_group"));
}

#[test]
fn the_same_group_and_other_subjects_are_welcome() {
    for (subject, group) in [
        ("svc.test.v1.Idle.A", Some("q")),
        ("svc.>", Some("q")),
        ("svc.test.v1.Other.A", Some("blue")),
        ("svc.test.v1.Idle", None),
        ("svc.test.v1.Idle.A.x", None),
        ("", None),
    ] {
        outcome(subject, group).unwrap();
    }
}
