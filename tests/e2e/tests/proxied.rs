//! A way to the nats-server that is slow, silent or gone.

use std::time::{Duration, Instant};

use e2e::{LONG, Options, ProbeClient, World, answer, probe, question, until};
use nats_rpc::{Channel, Code, Server};

#[tokio::test]
async fn a_slow_way_takes_its_time() {
    let world = World::nats();
    let proxy = world.proxy().await;
    let _server = world.serve(probe(|_| async { Ok(answer("here")) })).await;
    let client = ProbeClient::new(Options::new(proxy.url()).channel().await.unwrap());
    client.ask(question("")).await.unwrap();
    proxy.delay(Duration::from_millis(60));
    let begin = Instant::now();
    client.ask(question("")).timeout(LONG).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(120), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_silent_way_ends_no_call_before_its_deadline() {
    let world = World::nats();
    let proxy = world.proxy().await;
    let _server = world.serve(probe(|_| async { Ok(answer("here")) })).await;
    let client = ProbeClient::new(Options::new(proxy.url()).channel().await.unwrap());
    client.ask(question("")).await.unwrap();
    proxy.stall();
    let status = client.ask(question("")).timeout(Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    let late = tokio::spawn(client.ask(question("")).timeout(LONG));
    proxy.resume();
    assert_eq!(late.await.unwrap().unwrap().into_inner().text, "here");
}

#[tokio::test]
async fn a_client_is_cut_off_and_comes_back() {
    let world = World::nats();
    let mut proxy = world.proxy().await;
    let _server = world.serve(probe(|_| async { Ok(answer("here")) })).await;
    let connection = Options::new(proxy.url()).connect().await.unwrap();
    let client = ProbeClient::new(Channel::new(connection.clone()));
    client.ask(question("")).await.unwrap();
    proxy.cut().await;
    until("it has noticed", || !connection.is_connected()).await;
    assert_eq!(client.ask(question("")).await.unwrap_err().code(), Code::Unavailable);
    proxy.restore();
    until("it is back", || connection.is_connected()).await;
    client.ask(question("")).await.unwrap();
}

#[tokio::test]
async fn a_server_is_cut_off_and_comes_back() {
    let world = World::nats();
    let mut proxy = world.proxy().await;
    let serving = Options::new(proxy.url()).connect().await.unwrap();
    let probe = probe(|_| async { Ok(answer("here")) });
    let _server = Server::builder().add_service(probe).start(serving.clone()).await.unwrap();
    let client = world.client().await;
    client.ask(question("")).await.unwrap();
    proxy.cut().await;
    until("it has noticed", || !serving.is_connected()).await;
    assert_eq!(client.ask(question("")).await.unwrap_err().code(), Code::Unavailable);
    proxy.restore();
    let begin = Instant::now();
    while let Err(status) = client.ask(question("")).await {
        assert!(status.code() == Code::Unavailable && begin.elapsed() < LONG, "{status}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
