//! A method that the service does not implement.

use e2e::{World, on_both};
use nats_rpc::Code;

use super::proto::UnimplementedRequest;
use super::start;

on_both! {
    it_says_so,
}

async fn it_says_so(world: World) {
    let (client, _server) = start(&world).await;
    let status = client.unimplemented(UnimplementedRequest {}).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
