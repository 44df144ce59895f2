//! Calls with one message each way.

use e2e::{World, on_both};

use super::proto::Empty;
use super::{large, size_of, start};

on_both! {
    empty_unary,
    large_unary,
}

async fn empty_unary(world: World) {
    let (client, _server) = start(&world).await;
    assert_eq!(client.empty_call(Empty {}).await.unwrap().into_inner(), Empty {});
}

async fn large_unary(world: World) {
    let (client, _server) = start(&world).await;
    let response = client.unary_call(large()).await.unwrap();
    assert_eq!(size_of(response.get_ref().payload.as_ref()), 314_159);
}
