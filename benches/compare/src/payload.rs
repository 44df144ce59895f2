//! How many bytes the messages of the examples take as protobuf, and as JSON.

use std::path::Path;
use std::time::Duration;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::options::Options;
use crate::row::{Load, Row, Setup, Variant};
use crate::sample::{self, Sample};
use crate::scenario::Scenario;
use crate::worker;

pub(crate) const SCENARIO: Scenario = Scenario { rows, ratios: |_| Vec::new() };

/// The schemas of the examples, in the directory of that name.
const SCHEMAS: [&str; 4] = [
    "accounts/v1/accounts.proto",
    "chat/v1/chat.proto",
    "greeter/v1/greeter.proto",
    "upload/v1/upload.proto",
];

/// Messages as they may look, in canonical JSON.
const MESSAGES: [(&str, &str); 7] = [
    ("greeter.v1.HelloRequest", r#"{"name":"Ada"}"#),
    ("greeter.v1.HelloReply", r#"{"message":"Hello, Ada!"}"#),
    ("accounts.v1.OpenRequest", r#"{"owner":"Ada Lovelace","deposit":"125000"}"#),
    ("accounts.v1.OpenReply", r#"{"number":"4711"}"#),
    ("chat.v1.Line", r#"{"name":"Ada","text":"Is anybody there?"}"#),
    ("upload.v1.Part", r#"{"content":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"}"#),
    ("upload.v1.Receipt", r#"{"bytes":"20000000","parts":"200","sum":"1990000000"}"#),
];

/// Counts the bytes of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Role {
    message: usize,
}

pub(crate) fn run(role: Role) -> Result<(), Error> {
    let (name, json) = MESSAGES[role.message];
    worker::measuring()?;
    let protobuf = message(name, json)?.encoded_len();
    worker::measured()?;
    let sample = Sample::default()
        .with(sample::PROTOBUF_BYTES, protobuf as f64)
        .with(sample::JSON_BYTES, json.len() as f64);
    Ok(worker::finish(&sample)?)
}

fn message(name: &str, json: &str) -> Result<DynamicMessage, Error> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let pool = DescriptorPool::from_file_descriptor_set(protox::compile(SCHEMAS, [directory])?)?;
    let descriptor = pool.get_message_by_name(name).ok_or_else(|| format!("there is no {name}"))?;
    Ok(DynamicMessage::deserialize(descriptor, &mut serde_json::Deserializer::from_str(json))?)
}

fn rows(options: &Options) -> Vec<Row> {
    let variants = MESSAGES.iter().enumerate().map(|(message, (name, _))| {
        let client = worker::Role::Payload(Role { message });
        let setup = Setup { name: String::new(), servers: Vec::new(), client };
        Variant { name, setups: vec![setup], counts_allocations: false }
    });
    let load = Load { payload: 0, concurrency: 1, warm_up: Duration::ZERO, window: Duration::ZERO };
    let row = Row { name: "payloads".to_owned(), load, rounds: 1, variants: variants.collect() };
    if options.goals_only() { Vec::new() } else { vec![row] }
}

#[cfg(test)]
mod tests {
    use super::{MESSAGES, message};

    #[test]
    fn messages_are_of_the_schemas_and_their_json_is_canonical() {
        for (name, json) in MESSAGES {
            let message = message(name, json).expect(name);
            assert_eq!(serde_json::to_string(&message).expect(name), json, "{name}");
        }
    }
}
