use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Proxy;
use crate::{LONG, open_files};

/// A proxy to a server that sends everything back.
async fn echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
                let _ = write.shutdown().await;
            });
        }
    });
    Proxy::to_port(port).await
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.unwrap()
}

async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    tokio::time::timeout(LONG, stream.read_exact(&mut bytes)).await.expect("nothing comes").unwrap();
    bytes
}

/// Whether nothing comes for a while.
async fn is_silent(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(Duration::from_millis(80), stream.read_u8()).await.is_err()
}

#[tokio::test]
async fn everything_comes_through_in_order() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    let sent: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (mut from, mut to) = stream.split();
    let back = async {
        let mut back = Vec::new();
        from.read_to_end(&mut back).await.map(|_| back)
    };
    let out = async {
        for piece in sent.chunks(70_000) {
            to.write_all(piece).await.unwrap();
            proxy.delay(Duration::from_millis(u64::from(piece[0] % 5)));
        }
        to.shutdown().await.unwrap();
    };
    let (back, ()) = tokio::time::timeout(LONG, async { tokio::join!(back, out) }).await.expect("stuck");
    assert!(back.unwrap() == sent, "it is not what was sent");
}

#[tokio::test]
async fn a_delay_is_that_of_each_piece() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    stream.write_all(b"a").await.unwrap();
    read(&mut stream, 1).await;

    proxy.delay(Duration::from_millis(100));
    let begin = Instant::now();
    stream.write_all(b"b").await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(b"c").await.unwrap();
    assert_eq!(read(&mut stream, 1).await, b"b");
    let first = begin.elapsed();
    assert_eq!(read(&mut stream, 1).await, b"c");
    // There and back, side by side and not one after the other: only a busy machine takes longer.
    assert!(first >= Duration::from_millis(200), "{first:?}");
    assert!(begin.elapsed() >= Duration::from_millis(220) && begin.elapsed() < LONG);

    proxy.delay(Duration::ZERO);
    stream.write_all(b"d").await.unwrap();
    assert_eq!(read(&mut stream, 1).await, b"d");
}

#[tokio::test]
async fn nothing_overtakes_when_the_delay_falls() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    proxy.delay(Duration::from_millis(100));
    stream.write_all(b"slow").await.unwrap();
    assert!(is_silent(&mut stream).await);
    proxy.delay(Duration::ZERO);
    stream.write_all(b"fast").await.unwrap();
    assert_eq!(read(&mut stream, 8).await, b"slowfast");
}

#[tokio::test]
async fn what_is_stalled_comes_later() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    stream.write_all(b"a").await.unwrap();
    read(&mut stream, 1).await;
    proxy.stall();
    stream.write_all(b"b").await.unwrap();
    let mut late = connect(&proxy).await;
    late.write_all(b"c").await.unwrap();
    assert!(is_silent(&mut stream).await && is_silent(&mut late).await);
    proxy.resume();
    assert_eq!((read(&mut stream, 1).await, read(&mut late, 1).await), (b"b".to_vec(), b"c".to_vec()));
}

#[tokio::test]
async fn a_cut_closes_and_refuses_until_restored() {
    let mut proxy = echo().await;
    for _ in 0..3 {
        let mut stream = connect(&proxy).await;
        stream.write_all(b"a").await.unwrap();
        read(&mut stream, 1).await;
        proxy.cut().await;
        let end = tokio::time::timeout(LONG, stream.read_u8()).await.expect("it stays open");
        assert!(end.is_err());
        assert!(TcpStream::connect(proxy.address()).await.is_err(), "it accepts");
        proxy.restore();
    }
    let mut stream = connect(&proxy).await;
    stream.write_all(b"b").await.unwrap();
    assert_eq!(read(&mut stream, 1).await, b"b");
}

#[tokio::test]
async fn the_end_of_one_side_reaches_the_other() {
    let proxy = echo().await;
    proxy.delay(Duration::from_millis(20));
    let mut stream = connect(&proxy).await;
    stream.write_all(b"last words").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut all = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut all)).await.expect("no end").unwrap();
    assert_eq!(all, b"last words");
}

#[tokio::test]
async fn nothing_is_left_of_connections() {
    let mut proxy = echo().await;
    let open = async |proxy: &Proxy| {
        for _ in 0..50 {
            let mut stream = connect(proxy).await;
            stream.write_all(b"a").await.unwrap();
            read(&mut stream, 1).await;
        }
    };
    open(&proxy).await;
    proxy.cut().await;
    proxy.restore();
    let Some(before) = open_files(std::process::id()) else { return };
    for _ in 0..4 {
        open(&proxy).await;
    }
    proxy.cut().await;
    // Other tests of this process have files, too; 200 connections have 800.
    let begin = Instant::now();
    while open_files(std::process::id()).unwrap() > before + 200 {
        assert!(begin.elapsed() < LONG, "{before} before, now {:?}", open_files(std::process::id()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
