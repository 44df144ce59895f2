use std::task::{Context, Poll, Waker};

use super::{BLOCK, Decoder, LONGEST_COPIED, LONGEST_REUSED, LONGEST_SHARED, Message, Operation};

/// Decodes what comes in pieces of at most `piece` bytes.
fn decode(text: &[u8], piece: usize) -> Vec<Operation> {
    let mut decoder = Decoder::new();
    let mut operations = Vec::new();
    for mut piece in text.chunks(piece) {
        while !piece.is_empty() {
            let read = decoder.poll_read(&mut piece, &mut Context::from_waker(Waker::noop()));
            assert!(matches!(read, Poll::Ready(Ok(true))), "{read:?}");
            while let Some(operation) = decoder.next().unwrap() {
                operations.push(operation);
            }
        }
    }
    operations
}

fn message(sid: u64, subject: &str, reply: Option<&str>, headers: &[u8], payload: &[u8]) -> Operation {
    let copy = bytes::Bytes::copy_from_slice;
    Operation::Message(Message {
        sid,
        subject: copy(subject.as_bytes()),
        reply: reply.map(|reply| copy(reply.as_bytes())),
        headers: copy(headers),
        payload: copy(payload),
    })
}

#[test]
fn the_same_comes_out_however_it_arrives() {
    let large = vec![b'\n'; 3 * LONGEST_COPIED];
    let mut text = b"INFO {\"max_payload\":7}\r\nPING\r\nMSG a.b 7 2\r\n\r\n\r\n+OK\r\n".to_vec();
    text.extend_from_slice(b"MSG a  12 _INBOX.x 0\r\n\r\n-ERR 'Invalid Subject'\r\nPONG\r\n");
    text.extend_from_slice(b"HMSG a 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
    text.extend_from_slice(b"HMSG a 1 r 22 25\r\nNATS/1.0\r\nk: value\r\n\r\nxyz\r\n");
    text.extend_from_slice(format!("MSG big 18446744073709551615 {}\r\n", large.len()).as_bytes());
    text.extend_from_slice(&large);
    text.extend_from_slice(b"\r\nPING\r\n");
    for len in [LONGEST_SHARED, LONGEST_REUSED] {
        text.extend_from_slice(format!("MSG long 1 {len}\r\n").as_bytes());
        text.extend(std::iter::repeat_n(b'x', len));
        text.extend_from_slice(b"\r\nPONG\r\n");
    }
    let expected = [
        Operation::Info(bytes::Bytes::from_static(b"{\"max_payload\":7}")),
        Operation::Ping,
        message(7, "a.b", None, b"", b"\r\n"),
        Operation::Ok,
        message(12, "a", Some("_INBOX.x"), b"", b""),
        Operation::Error("Invalid Subject".to_owned()),
        Operation::Pong,
        message(1, "a", None, b"NATS/1.0 503\r\n\r\n", b""),
        message(1, "a", Some("r"), b"NATS/1.0\r\nk: value\r\n\r\n", b"xyz"),
        message(u64::MAX, "big", None, b"", &large),
        Operation::Ping,
        message(1, "long", None, b"", &vec![b'x'; LONGEST_SHARED]),
        Operation::Pong,
        message(1, "long", None, b"", &vec![b'x'; LONGEST_REUSED]),
        Operation::Pong,
    ];
    for piece in [1, 2, 3, 7, 64, 1000, text.len()] {
        assert_eq!(decode(&text, piece), expected, "in pieces of {piece}");
    }
}

#[test]
fn short_messages_pin_little_and_long_ones_are_not_copied() {
    let text = [b"MSG a 1 5\r\nhello\r\n".as_slice(); 1000].concat();
    let mut messages = Vec::new();
    for operation in decode(&text, text.len()) {
        let Operation::Message(message) = operation else { panic!("{operation:?}") };
        messages.push(message);
    }
    // With everything else gone, what is kept of a block is all that it pins.
    for Message { payload, .. } in messages.drain(1..) {
        drop(payload);
    }
    let payload = messages.remove(0).payload.try_into_mut().unwrap();
    assert!(payload.len() == 5 && payload.capacity() <= BLOCK, "{}", payload.capacity());
}

#[test]
fn what_no_server_sends_is_an_error() {
    for text in [
        "HELLO\r\n",
        "MSG a 1\r\n",
        "MSG a 1 b c 5\r\nhello\r\n",
        "MSG a b c d e f\r\n",
        "MSG a x 5\r\nhello\r\n",
        "MSG a 1 -5\r\n",
        "MSG a 1 99999999999999999999999\r\n",
        "MSG a 1 18446744073709551615\r\n",
        "MSG a 1 67108865\r\n",
        "MSG a 1 5\r\nhello world\r\n",
        "HMSG a 1 9 5\r\nhello\r\n",
    ] {
        let mut decoder = Decoder::new();
        let read = decoder.poll_read(&mut text.as_bytes(), &mut Context::from_waker(Waker::noop()));
        assert!(matches!(read, Poll::Ready(Ok(true))));
        assert!(decoder.next().is_err(), "{text:?}");
    }
}
