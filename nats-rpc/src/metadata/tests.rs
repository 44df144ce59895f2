use super::{Metadata, Value};

#[test]
fn keys_are_lowered_and_values_keep_their_order() {
    let mut metadata = Metadata::new();
    metadata.append("X-Tag", "one").unwrap();
    metadata.append("x-tag", "two").unwrap();
    assert_eq!(metadata.get_all("x-TAG").collect::<Vec<_>>(), ["one", "two"]);
    metadata.insert("x-tag", "three").unwrap();
    assert_eq!(metadata.iter().collect::<Vec<_>>(), [("x-tag", Value::Ascii("three"))]);
    assert_eq!(metadata.remove("X-Tag"), 1);
    assert!(metadata.is_empty());
}

#[test]
fn binary_and_text_do_not_mix() {
    let mut metadata = Metadata::new();
    assert!(metadata.insert("x-bin", "text").is_err());
    assert!(metadata.insert_bin("x", vec![1]).is_err());
    metadata.insert_bin("x-bin", vec![0, 255]).unwrap();
    assert_eq!(metadata.get("x-bin"), None);
    assert_eq!(metadata.get_bin("x-bin"), Some(&[0, 255][..]));
}

#[test]
fn what_breaks_the_rules_is_refused_with_the_reason() {
    let mut metadata = Metadata::new();
    for (key, value, reason) in [
        ("", "v", "a key is made of"),
        ("with space", "v", "a key is made of"),
        ("grpc-timeout", "v", "reserved"),
        ("Nats-Service-Error", "v", "reserved"),
        ("content-type", "v", "reserved"),
        ("x", "line\nbreak", "printable ASCII"),
        ("x", "ünicode", "printable ASCII"),
    ] {
        let error = metadata.insert(key, value).unwrap_err().to_string();
        assert!(error.contains(reason), "{key:?}: {error}");
    }
    assert!(metadata.is_empty());
}

#[test]
fn an_empty_one_owns_nothing() {
    let mut metadata = Metadata::new();
    metadata.extend(Metadata::new());
    assert_eq!(metadata.len(), 0);
}

#[test]
fn what_a_peer_sends_against_the_rules_is_left_out() {
    let mut metadata = Metadata::new();
    for (key, value) in [("x", "line\nbreak"), ("X-Upper", "v"), ("x y", "v"), ("", "v")] {
        metadata.append_received(key, value.into());
    }
    metadata.append_received("x-good", "v".into());
    metadata.append_received("grpc-kept", "v".into());
    metadata.append_received("x-bin", vec![0, 255].into());
    assert_eq!(metadata.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["x-good", "grpc-kept", "x-bin"]);
}
