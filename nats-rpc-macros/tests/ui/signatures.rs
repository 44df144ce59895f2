//! All mistakes of a trait are reported at once.

#![allow(unused_imports)]

use nats_rpc::{Request, Response, Status, Streaming};

struct Hello;
type Reply = Result<Response<Hello>, Status>;

#[nats_rpc::service(package = "greeter.v1")]
trait Greeter {
    fn not_async(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn exclusive(&mut self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn by_value(self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn no_self(request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn no_request(&self) -> Result<Response<Hello>, Status>;
    async fn bare_request(&self, request: Hello) -> Result<Response<Hello>, Status>;
    async fn two_requests(&self, request: Request<Hello>, more: Hello) -> Result<Response<Hello>, Status>;
    async fn no_result(&self, request: Request<Hello>);
    async fn bare_response(&self, request: Request<Hello>) -> Result<Hello, Status>;
    async fn no_status(&self, request: Request<Hello>) -> Result<Response<Hello>, String>;
    async fn generic<T>(&self, request: Request<T>) -> Result<Response<Hello>, Status>;
    async fn conditional(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>
    where
        Self: Sized;
    async unsafe fn unsound(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    const extern "C" fn foreign(&self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn boxed(self: Box<Self>, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    async fn lifetime<'a>(&'a self, request: Request<Hello>) -> Result<Response<Hello>, Status>;
    fn erased<'life0, 'async_trait>(&'life0 self) -> Pin<Box<dyn Future<Output = ()> + 'async_trait>>;
    async fn bare_stream(&self, request: Streaming<Hello>) -> Result<Response<Streaming<Hello>>, Status>;
    async fn bare_streams(&self, request: Request<Streaming<Hello>>) -> Result<Streaming<Hello>, Status>;
    async fn alias(&self, request: Request<Hello>) -> Reply;
    async fn io(&self, request: Request<Hello>) -> std::io::Result<Response<Hello>>;
    async fn borrowed(&self, request: Request<&str>) -> Result<Response<&'static str>, Status>;
    async fn hidden(&self, request: Request<impl Sized>) -> Result<Response<Streaming<dyn Send>>, Status>;
    async fn itself(&self, request: Request<Self>) -> Result<Response<Hello>, Status>;
    async fn guessed(&self, request: Request<_>) -> Result<Response<Hello>, Status> {
        Err(Status::unimplemented("a body does not help"))
    }
    const NUMBER: u32;
}

fn main() {}
