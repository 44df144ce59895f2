use std::io::{self, Read, Write};
use std::net::TcpStream;

use crate::Error;

/// A connection to a nats-server without a client library: as little work as the protocol needs.
pub(super) struct Socket {
    stream: TcpStream,
    input: Vec<u8>,
    /// How much of `input` was received and not yet read.
    filled: usize,
    output: Vec<u8>,
}

/// A message that was received.
pub(super) struct Delivery<'a> {
    pub(super) subject: &'a str,
    pub(super) reply: Option<&'a str>,
    pub(super) payload: &'a [u8],
}

/// What there is no room for is received with the next read.
const BUFFER: usize = 1 << 20;

impl Socket {
    /// Connects and subscribes. When this returns, the subscription is known to the server.
    pub(super) fn subscribe(address: &str, subject: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut socket = Self { stream, input: vec![0; BUFFER], filled: 0, output: Vec::new() };
        write!(
            socket.output,
            "CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\nSUB {subject} 1\r\nPING\r\n"
        )?;
        while !socket.turn(|_, _| Ok(()))? {}
        Ok(socket)
    }

    /// Queues a message.
    pub(super) fn publish(&mut self, subject: &str, reply: &str, payload: &[u8]) -> io::Result<()> {
        publish(&mut self.output, subject, reply, payload)
    }

    /// Sends what is queued, waits for something to come, and hands over all messages in it, with the queue for what
    /// answers them. Tells whether a PONG was among them.
    pub(super) fn turn(
        &mut self,
        mut receive: impl FnMut(Delivery<'_>, &mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        self.stream.write_all(&self.output)?;
        self.output.clear();
        match self.stream.read(&mut self.input[self.filled..])? {
            0 => return Err("the nats-server closed the connection".into()),
            read => self.filled += read,
        }
        let (mut position, mut pong) = (0, false);
        while let Some((line, rest)) = split_line(&self.input[position..self.filled]) {
            let mut used = line.len() + 2;
            match line.strip_prefix("MSG ") {
                Some(head) => {
                    let Some((delivery, size)) = message(head, rest)? else { break };
                    used += size;
                    receive(delivery, &mut self.output)?;
                }
                None if line == "PING" => self.output.extend_from_slice(b"PONG\r\n"),
                None if line.starts_with("-ERR") => return Err(line.into()),
                None => pong |= line == "PONG",
            }
            position += used;
        }
        self.input.copy_within(position..self.filled, 0);
        self.filled -= position;
        Ok(pong)
    }
}

/// Appends a message to what is to be sent; `reply` may be empty.
pub(super) fn publish(output: &mut Vec<u8>, subject: &str, reply: &str, payload: &[u8]) -> io::Result<()> {
    write!(output, "PUB {subject} {reply} {}\r\n", payload.len())?;
    output.extend_from_slice(payload);
    output.extend_from_slice(b"\r\n");
    Ok(())
}

fn split_line(input: &[u8]) -> Option<(&str, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(input[..end].strip_suffix(b"\r")?).ok()?, &input[end + 1..]))
}

/// The message whose head is `SUBJECT SID [REPLY] SIZE`, and how many bytes follow its head; nothing, while it is not
/// whole.
fn message<'a>(head: &'a str, rest: &'a [u8]) -> Result<Option<(Delivery<'a>, usize)>, Error> {
    let mut words = head.split(' ');
    let subject = words.next().unwrap_or_default();
    let (reply, size) = match (words.next(), words.next(), words.next()) {
        (Some(_), Some(size), None) => (None, size),
        (Some(_), Some(reply), Some(size)) => (Some(reply), size),
        _ => return Err(format!("not the head of a message: {head:?}").into()),
    };
    let size: usize = size.parse()?;
    let whole = rest.len() >= size + 2;
    Ok(whole.then(|| (Delivery { subject, reply, payload: &rest[..size] }, size + 2)))
}

#[cfg(test)]
mod tests {
    use super::{message, split_line};

    #[test]
    fn heads_are_read_with_and_without_a_reply() {
        let (delivery, size) = message("a.b 1 2", b"hi\r\nMSG").unwrap().unwrap();
        assert_eq!((delivery.subject, delivery.reply, delivery.payload, size), ("a.b", None, &b"hi"[..], 4));
        let (delivery, _) = message("a.b 1 c.d 2", b"hi\r\n").unwrap().unwrap();
        assert_eq!(delivery.reply, Some("c.d"));
        assert!(message("a.b", b"").is_err());
    }

    #[test]
    fn what_is_not_whole_waits() {
        assert!(message("a.b 1 2", b"hi\r").unwrap().is_none());
        assert_eq!(split_line(b"PING\r"), None);
        assert_eq!(split_line(b"PING\r\nMSG"), Some(("PING", &b"MSG"[..])));
    }
}
