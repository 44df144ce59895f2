//! The plain profile: calls and replies without frames, for any NATS client.

use std::borrow::Cow;

/// The media type of the body; a reply repeats the request's.
pub const CONTENT_TYPE: &str = "Content-Type";
/// The media type of protobuf bodies, which is also meant when none is named.
pub const PROTOBUF: &str = "application/protobuf";
/// The media type of JSON bodies.
pub const JSON: &str = "application/json";
/// How long the caller waits, in whole milliseconds.
pub const TIMEOUT: &str = "Nats-Rpc-Timeout";
/// The text of an error, percent-encoded.
pub const ERROR: &str = "Nats-Service-Error";
/// The code of an error, in decimal digits.
pub const ERROR_CODE: &str = "Nats-Service-Error-Code";
/// A `google.rpc.Status` in unpadded base64.
pub const DETAILS: &str = "Nats-Rpc-Details-Bin";
/// What a trailer's key follows.
pub const TRAILER_PREFIX: &str = "Nats-Rpc-Trailer-";
/// The trace context.
pub const TRACEPARENT: &str = "traceparent";
/// The vendors' part of the trace context.
pub const TRACESTATE: &str = "tracestate";

/// The prefix of names that never are metadata.
const RESERVED: &str = "nats-";

/// Whether a NATS header is metadata: everything is but `Content-Type`, trace context and what starts with `Nats-`,
/// in any case of letters.
#[must_use]
pub fn is_metadata(name: &str) -> bool {
    let reserved = name.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED));
    !reserved && ![CONTENT_TYPE, TRACEPARENT, TRACESTATE].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The key of a trailer in this NATS header, as it is written.
#[must_use]
pub fn trailer_key(name: &str) -> Option<&str> {
    let (prefix, key) = name.split_at_checked(TRAILER_PREFIX.len())?;
    (!key.is_empty() && prefix.eq_ignore_ascii_case(TRAILER_PREFIX)).then_some(key)
}

/// Whether this byte of a text is encoded. A space is, first and last, where clients would strip it.
const fn is_encoded(byte: u8, at_edge: bool) -> bool {
    !matches!(byte, 0x20..=0x7e) || byte == b'%' || (byte == b' ' && at_edge)
}

/// Encodes a text for a NATS header.
#[must_use]
pub fn percent_encode(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let encoded = |i: usize| is_encoded(bytes[i], i == 0 || i + 1 == bytes.len());
    if !(0..bytes.len()).any(encoded) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (i, &byte) in bytes.iter().enumerate() {
        if encoded(i) {
            out.push('%');
            for digit in [byte >> 4, byte & 0xf] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        } else {
            out.push(char::from(byte));
        }
    }
    out.into()
}

/// Decodes a text of a NATS header. It always yields text: a `%` without two digits stays, and bytes that are not
/// UTF-8 are replaced.
#[must_use]
pub fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, tail)) = rest.split_first() {
        let digit = |i: usize| tail.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                rest = &tail[2..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    match String::from_utf8(out) {
        Ok(text) => text.into(),
        Err(bad) => String::from_utf8_lossy(bad.as_bytes()).into_owned().into(),
    }
}

/// The status code for a received `Nats-Service-Error-Code`, which is never OK: 1 to 16 is itself, from 400 on it is
/// taken for an HTTP status, the rest is UNKNOWN.
#[must_use]
pub fn code(error_code: &str) -> u32 {
    const UNKNOWN: u32 = 2;
    match error_code.trim().parse::<u32>() {
        Ok(code @ 1..=16) => code,
        Ok(400) => 3,
        Ok(401) => 16,
        Ok(403) => 7,
        Ok(404) => 5,
        Ok(408 | 504) => 4,
        Ok(409) => 10,
        Ok(412) => 9,
        Ok(413 | 429) => 8,
        Ok(416) => 11,
        Ok(499) => 1,
        Ok(500) => 13,
        Ok(501) => 12,
        Ok(502 | 503) => 14,
        _ => UNKNOWN,
    }
}

/// The milliseconds of a received `Nats-Rpc-Timeout`: decimal digits only, as many as fit 64 bits.
#[must_use]
pub fn timeout_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}
