//! Many calls at once, and many one after another.

use e2e::{World, nothing_runs, on_both};
use futures_util::future::join_all;

use super::proto::TestServiceClient;
use super::{large, size_of, start};

on_both! {
    concurrent_large_unary,
    rpc_soak,
    channel_soak,
}

async fn call(client: &TestServiceClient) {
    // As long as it takes on a machine that is busy.
    let response = client.unary_call(large()).timeout(e2e::LONG * 2).await.unwrap();
    assert_eq!(size_of(response.get_ref().payload.as_ref()), 314_159);
}

/// All at once on one connection.
async fn concurrent_large_unary(world: World) {
    let (client, server) = start(&world).await;
    join_all((0..1000).map(|_| call(&client))).await;
    nothing_runs(&server).await;
}

/// One after another on one channel.
async fn rpc_soak(world: World) {
    let (client, _server) = start(&world).await;
    for _ in 0..100 {
        call(&client).await;
    }
}

/// One after another, each on a connection of its own.
async fn channel_soak(world: World) {
    let (_, _server) = start(&world).await;
    for _ in 0..20 {
        call(&TestServiceClient::new(world.channel().await)).await;
    }
}
