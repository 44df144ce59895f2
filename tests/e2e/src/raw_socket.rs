use std::fmt::Write as _;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::LONG;

/// A client that writes the NATS protocol by hand: it can send what no library would.
#[derive(Debug)]
pub struct RawSocket(BufReader<TcpStream>);

/// A message as it came.
#[derive(Debug)]
pub struct RawMessage {
    /// The reply subject.
    pub reply: Option<String>,
    /// The headers with their version line; empty if there are none.
    pub headers: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl RawSocket {
    /// Connects to a nats-server on this port of the loopback address.
    ///
    /// # Panics
    /// When there is none.
    pub async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut own = Self(BufReader::new(stream));
        let info = own.line().await;
        assert!(info.starts_with("INFO "), "{info}");
        own.send(b"CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n").await;
        own.settle().await;
        own
    }

    /// Sends these bytes.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    /// Publishes a message with these bytes for headers, whatever they are.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn publish(&mut self, subject: &str, reply: Option<&str>, headers: &[u8], payload: &[u8]) {
        let (header_len, total) = (headers.len(), headers.len() + payload.len());
        let mut line = format!("HPUB {subject} ");
        if let Some(reply) = reply {
            line.push_str(reply);
            line.push(' ');
        }
        let _ = write!(line, "{header_len} {total}\r\n");
        self.send(&[line.as_bytes(), headers, payload, b"\r\n"].concat()).await;
    }

    /// Subscribes.
    ///
    /// # Panics
    /// When the connection has ended.
    pub async fn subscribe(&mut self, subject: &str) {
        self.send(format!("SUB {subject} 1\r\n").as_bytes()).await;
        self.settle().await;
    }

    /// The next message, with or without headers.
    ///
    /// # Panics
    /// When there is none, or the server complains.
    pub async fn next(&mut self) -> RawMessage {
        loop {
            let line = self.line().await;
            let words: Vec<_> = line.split_whitespace().collect();
            let (reply, header_len, total) = match words[..] {
                ["MSG", _, _, total] => (None, "0", total),
                ["MSG", _, _, reply, total] => (Some(reply), "0", total),
                ["HMSG", _, _, header_len, total] => (None, header_len, total),
                ["HMSG", _, _, reply, header_len, total] => (Some(reply), header_len, total),
                ["PING"] => {
                    self.send(b"PONG\r\n").await;
                    continue;
                }
                _ => panic!("{line}"),
            };
            let mut bytes = vec![0; total.parse::<usize>().unwrap() + 2];
            let read = tokio::time::timeout(LONG, self.0.read_exact(&mut bytes)).await;
            read.expect("half a message").unwrap();
            bytes.truncate(bytes.len() - 2);
            let payload = bytes.split_off(header_len.parse().unwrap());
            return RawMessage { reply: reply.map(str::to_owned), headers: bytes, payload };
        }
    }

    /// Returns when the server has worked on everything before. Nothing else may be on its way here.
    ///
    /// # Panics
    /// When the server complains about something of it.
    pub async fn settle(&mut self) {
        self.send(b"PING\r\n").await;
        loop {
            match &*self.line().await {
                "PONG" => return,
                "PING" => self.send(b"PONG\r\n").await,
                line => assert!(line.starts_with("INFO "), "{line}"),
            }
        }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let read = tokio::time::timeout(LONG, self.0.read_line(&mut line)).await;
        assert_ne!(read.expect("silence").unwrap(), 0, "the server has closed the connection");
        line.trim_end().to_owned()
    }
}
