use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::Flow;

/// Pieces that are under way in one direction: beyond it, the sender's own buffers fill.
const PIECES: usize = 1024;
const PIECE: usize = 64 * 1024;

/// Carries one connection until both directions have ended, or one breaks.
pub(super) async fn carry(
    near: TcpStream,
    upstream: SocketAddr,
    flow: watch::Receiver<Flow>,
) -> io::Result<()> {
    let far = TcpStream::connect(upstream).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let out = one_way(near_read, far_write, flow.clone());
    let back = one_way(far_read, near_write, flow);
    tokio::try_join!(out, back).map(drop)
}

/// Reads without regard to the writer, so that a piece's time is that of its coming.
async fn one_way(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    flow: watch::Receiver<Flow>,
) -> io::Result<()> {
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::try_join!(read(from, sender, flow.clone()), write(to, receiver, flow)).map(drop)
}

async fn read(
    mut from: impl AsyncRead + Unpin,
    sender: mpsc::Sender<(Instant, Bytes)>,
    flow: watch::Receiver<Flow>,
) -> io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        if buffer.capacity() < PIECE / 8 {
            buffer.reserve(PIECE);
        }
        let count = from.read_buf(&mut buffer).await?;
        let due = Instant::now() + flow.borrow().delay;
        // An empty piece is the end, which takes its time, too.
        if sender.send((due, buffer.split().freeze())).await.is_err() || count == 0 {
            return Ok(());
        }
    }
}

async fn write(
    mut to: impl AsyncWrite + Unpin,
    mut receiver: mpsc::Receiver<(Instant, Bytes)>,
    mut flow: watch::Receiver<Flow>,
) -> io::Result<()> {
    while let Some((due, piece)) = receiver.recv().await {
        sleep_until(due).await;
        if flow.wait_for(|flow| !flow.stalled).await.is_err() {
            break;
        }
        if piece.is_empty() {
            break;
        }
        to.write_all(&piece).await?;
    }
    to.shutdown().await
}
