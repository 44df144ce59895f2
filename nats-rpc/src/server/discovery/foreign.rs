//! What others say of themselves: read leniently, since nobody has checked it.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::answer::RUNTIME_VERSION;
use super::verb::Verb;
use crate::spec::ServiceSpec;

/// A service that answered `$SRV.INFO`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) endpoints: Vec<Endpoint>,
    /// It was made with nats-rpc, and so knows what a filler is.
    pub(super) is_nats_rpc: bool,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Endpoint {
    /// May hold wildcards.
    pub(super) subject: String,
    /// `None`: every instance gets every message.
    #[serde(default = "usual", deserialize_with = "group")]
    pub(super) queue_group: Option<String>,
}

impl Info {
    /// # Errors
    /// When it is no JSON, or none that says what a service serves. Of its parts, only what can't be read is
    /// left out.
    pub(super) fn parse(payload: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(rename = "type")]
            answer_type: String,
            #[serde(default)]
            name: Value,
            #[serde(default)]
            id: Value,
            #[serde(default)]
            endpoints: Option<Vec<Value>>,
            #[serde(default)]
            metadata: Value,
        }

        let raw: Raw = serde_json::from_slice(payload)?;
        if raw.answer_type != Verb::Info.answer_type() {
            return Err(serde::de::Error::custom(format_args!("not of type {}", Verb::Info.answer_type())));
        }
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        let endpoints = raw.endpoints.into_iter().flatten();
        Ok(Self {
            name: text(raw.name),
            id: text(raw.id),
            is_nats_rpc: raw.metadata.get(RUNTIME_VERSION).is_some(),
            endpoints: endpoints.filter_map(|endpoint| Endpoint::deserialize(endpoint).ok()).collect(),
        })
    }
}

/// Services that are too old to say have this one.
#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
fn usual() -> Option<String> {
    Some(ServiceSpec::DEFAULT_QUEUE_GROUP.to_owned())
}

/// An empty text means that there is none.
fn group<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer).map(|group| group.filter(|group: &String| !group.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, Info};

    fn endpoint(subject: &str, queue_group: Option<&str>) -> Endpoint {
        Endpoint { subject: subject.to_owned(), queue_group: queue_group.map(str::to_owned) }
    }

    #[test]
    fn what_can_not_be_read_hides_nothing_else() {
        let info = br#"{"type": "io.nats.micro.v1.info_response", "name": "a", "id": 7, "more": {}, "endpoints": [
            {"name": "x", "subject": "a.x", "queue_group": "blue", "metadata": null}, {"subject": 1}, null,
            {"subject": "a.old"}, {"subject": "a.none", "queue_group": ""}, {"subject": "a.null", "queue_group": null}
        ]}"#;
        let endpoints = vec![
            endpoint("a.x", Some("blue")),
            endpoint("a.old", Some("q")),
            endpoint("a.none", None),
            endpoint("a.null", None),
        ];
        assert_eq!(Info::parse(info).unwrap(), Info { name: "a".to_owned(), endpoints, ..Info::default() });
    }

    #[test]
    fn garbage_is_no_info() {
        for garbage in
            ["", "{", "[]", "{}", "null", "\u{1}\u{0}", r#"{"type":"io.nats.micro.v1.ping_response"}"#]
        {
            Info::parse(garbage.as_bytes()).unwrap_err();
        }
        let bare = br#"{"type": "io.nats.micro.v1.info_response", "endpoints": null}"#;
        assert_eq!(Info::parse(bare).unwrap(), Info::default());
    }
}
