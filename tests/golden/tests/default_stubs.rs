//! An implementation that leaves RPCs out answers `UNIMPLEMENTED`, whatever their kind.

use futures_util::stream;
use golden::default_stubs::stubs::v1::{Clock, ClockClient, ClockServer, Tick};
use nats_rpc::{Code, Request, Response, Status};

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {}

#[derive(Debug)]
struct Ticking;

impl Clock for Ticking {
    async fn now(&self, request: Request<Tick>) -> Result<Response<Tick>, Status> {
        Ok(request.into_inner().into())
    }
}

fn assert_unimplemented<T>(result: Result<T, Status>, method: &str) {
    let status = result.map(drop).expect_err("it is left out");
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.message(), format!("/stubs.v1.Clock/{method} is not implemented here"));
}

#[tokio::test]
async fn every_kind_can_be_left_out() {
    let client = ClockClient::new(ClockServer::new(Stopped));
    assert_unimplemented(client.now(Tick::default()).await, "Now");
    assert_unimplemented(client.watch(Tick::default()).await, "Watch");
    assert_unimplemented(client.upload(stream::iter([Tick::default()])).await, "Upload");
    assert_unimplemented(client.chat().send_all(stream::iter([Tick::default()])).await, "Chat");
}

#[tokio::test]
async fn the_others_answer() -> Result<(), Status> {
    let client = ClockClient::new(ClockServer::new(Ticking));
    assert_eq!(client.now(Tick { number: 3 }).await?.get_ref().number, 3);
    assert_unimplemented(client.watch(Tick::default()).await, "Watch");
    Ok(())
}
