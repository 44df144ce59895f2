use async_nats::header::{HeaderMap, HeaderName, HeaderValue};

use crate::transport::Headers;

pub(super) fn received(map: &HeaderMap) -> Option<Box<Headers>> {
    let mut headers = Headers::default();
    for (name, values) in map.iter() {
        for value in values {
            headers.push(AsRef::<str>::as_ref(name), value.as_str());
        }
    }
    (!headers.is_empty()).then(|| Box::new(headers))
}

/// Leaves out what NATS can't carry: the converter would panic on it, and a malformed header disconnects every
/// subscriber that receives it. Whoever builds headers encodes them, so nothing is left out in practice.
pub(super) fn to_send(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            (Ok(name), Ok(value)) => map.append(name, value),
            _ => tracing::error!(name, "a header that NATS can't carry is left out"),
        }
    }
    map
}
