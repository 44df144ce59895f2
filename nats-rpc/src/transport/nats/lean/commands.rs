//! What a client sends.

use bytes::{BufMut, BytesMut};

use crate::transport::{Headers, Outgoing};

pub(super) const PING: &[u8] = b"PING\r\n";
pub(super) const PONG: &[u8] = b"PONG\r\n";

/// Everything of a message before its payload, what comes before that within the same included.
pub(super) fn publish(message: &Outgoing, to: &mut BytesMut) {
    let headers = message.headers.as_deref().map(header_block);
    let head = message.head();
    let length = head.len() + message.frame_len();
    to.put_slice(if headers.is_some() { b"HPUB " } else { b"PUB " });
    to.put_slice(message.subject.as_bytes());
    to.put_u8(b' ');
    if let Some(reply) = &message.reply {
        to.put_slice(reply.as_bytes());
        to.put_u8(b' ');
    }
    if let Some(block) = &headers {
        decimal(block.len(), to);
        to.put_u8(b' ');
    }
    decimal(length + headers.as_ref().map_or(0, Vec::len), to);
    to.put_slice(b"\r\n");
    if let Some(block) = headers {
        to.put_slice(&block);
    }
    to.put_slice(&head);
}

pub(super) fn subscribe(subject: &str, queue_group: Option<&str>, sid: u64, to: &mut BytesMut) {
    to.put_slice(b"SUB ");
    to.put_slice(subject.as_bytes());
    to.put_u8(b' ');
    if let Some(group) = queue_group {
        to.put_slice(group.as_bytes());
        to.put_u8(b' ');
    }
    decimal(sid, to);
    to.put_slice(b"\r\n");
}

/// `after`: so many messages in all.
pub(super) fn unsubscribe(sid: u64, after: Option<u64>, to: &mut BytesMut) {
    to.put_slice(b"UNSUB ");
    decimal(sid, to);
    if let Some(after) = after {
        to.put_u8(b' ');
        decimal(after, to);
    }
    to.put_slice(b"\r\n");
}

fn header_block(headers: &Headers) -> Vec<u8> {
    let mut block = b"NATS/1.0\r\n".to_vec();
    for (name, value) in headers.iter() {
        if name.bytes().chain(value.bytes()).any(|byte| matches!(byte, b'\r' | b'\n')) {
            tracing::error!(name, "a header that NATS can't carry is left out");
            continue;
        }
        block.extend_from_slice(name.as_bytes());
        block.extend_from_slice(b": ");
        block.extend_from_slice(value.as_bytes());
        block.extend_from_slice(b"\r\n");
    }
    block.extend_from_slice(b"\r\n");
    block
}

fn decimal(number: impl itoa::Integer, to: &mut BytesMut) {
    to.put_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::{publish, subscribe, unsubscribe};
    use crate::subject::Subject;
    use crate::transport::{Headers, Outgoing};

    fn text(put: impl FnOnce(&mut BytesMut)) -> String {
        let mut to = BytesMut::new();
        put(&mut to);
        String::from_utf8(to.to_vec()).unwrap()
    }

    #[test]
    fn messages_begin_as_the_protocol_says() {
        let plain = Outgoing::new(Subject::from_static("a.b"), "hello".into());
        assert_eq!(text(|to| publish(&plain, to)), "PUB a.b 5\r\n");
        let asking = Outgoing { reply: Some(Subject::from_static("r")), ..plain };
        assert_eq!(text(|to| publish(&asking, to)), "PUB a.b r 5\r\n");
        let mut headers = Headers::default();
        headers.push("k", "v");
        headers.push("bad", "line\r\nPUB x 0");
        let told = Outgoing { headers: Some(Box::new(headers)), ..asking };
        assert_eq!(text(|to| publish(&told, to)), "HPUB a.b r 18 23\r\nNATS/1.0\r\nk: v\r\n\r\n");
        let empty = Outgoing::new(Subject::from_static("a"), bytes::Bytes::new());
        assert_eq!(text(|to| publish(&empty, to)), "PUB a 0\r\n");
    }

    #[test]
    fn subscriptions_begin_and_end() {
        assert_eq!(text(|to| subscribe("a.*", None, 7, to)), "SUB a.* 7\r\n");
        assert_eq!(text(|to| subscribe("a", Some("q"), u64::MAX, to)), "SUB a q 18446744073709551615\r\n");
        assert_eq!(text(|to| unsubscribe(7, None, to)), "UNSUB 7\r\n");
        assert_eq!(text(|to| unsubscribe(7, Some(0), to)), "UNSUB 7 0\r\n");
    }
}
