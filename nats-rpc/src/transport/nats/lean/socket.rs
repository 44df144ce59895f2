//! A socket in two halves, plain or within TLS.

use std::io::{self, IoSlice, Read, Write};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::rustls::ClientConnection;

use crate::transport::lock;

/// TLS records are read in pieces of this size.
const ENCRYPTED: usize = 32 * 1024;

type Tls = Arc<Mutex<ClientConnection>>;

/// Both halves of a connection.
pub(super) fn split(socket: TcpStream, tls: Option<ClientConnection>) -> (ReadHalf, WriteHalf) {
    let (read, write) = socket.into_split();
    let tls = tls.map(|session| Arc::new(Mutex::new(session)));
    let encrypted = tls.clone().map(|session| (session, BytesMut::new()));
    (ReadHalf { socket: read, encrypted }, WriteHalf { socket: write, tls })
}

pub(super) struct ReadHalf {
    socket: OwnedReadHalf,
    /// The session, and what was read and not yet decrypted.
    encrypted: Option<(Tls, BytesMut)>,
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        plain: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { socket, encrypted } = self.get_mut();
        let Some((session, encrypted)) = encrypted else { return Pin::new(socket).poll_read(cx, plain) };
        loop {
            {
                let mut session = lock(session);
                decrypt(&mut session, encrypted)?;
                match session.reader().read(plain.initialize_unfilled()) {
                    Ok(count) => {
                        plain.advance(count);
                        return Poll::Ready(Ok(()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // Without the words of farewell: the same as with them, as the protocol knows where it is.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Poll::Ready(Ok(())),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            encrypted.reserve(ENCRYPTED);
            if ready!(pin!(socket.read_buf(encrypted)).poll(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

fn decrypt(session: &mut ClientConnection, encrypted: &mut BytesMut) -> io::Result<()> {
    while !encrypted.is_empty() && session.wants_read() {
        let mut rest = &encrypted[..];
        let taken = session.read_tls(&mut rest)?;
        encrypted.advance(taken);
        session.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    }
    Ok(())
}

pub(super) struct WriteHalf {
    socket: OwnedWriteHalf,
    tls: Option<Tls>,
}

impl WriteHalf {
    /// Writes what it can without waiting.
    pub(super) fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let Some(session) = &self.tls else { return self.socket.try_write_vectored(pieces) };
        let mut session = lock(session);
        self.encrypted(&mut session)?;
        let taken = session.writer().write_vectored(pieces)?;
        match self.encrypted(&mut session) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    /// Writes what was taken, and is not yet with the system.
    pub(super) fn try_flush(&self) -> io::Result<()> {
        let Some(session) = &self.tls else { return Ok(()) };
        self.encrypted(&mut lock(session))
    }

    fn encrypted(&self, session: &mut ClientConnection) -> io::Result<()> {
        while session.wants_write() {
            session.write_tls(&mut Socket(&self.socket))?;
        }
        Ok(())
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        self.socket.writable().await
    }
}

/// Writes without waiting.
struct Socket<'a>(&'a OwnedWriteHalf);

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
