//! All mistakes of a trait are reported at once.

use nats_rpc::{Request, Response, Status, Streaming};

struct Hello;

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
    async fn body(&self, request: Request<Hello>) -> Result<Response<Hello>, Status> {
        std::process::abort()
    }
    async fn bare_stream(&self, request: Streaming<Hello>) -> Result<Response<Streaming<Hello>>, Status>;
    async fn bare_streams(&self, request: Request<Streaming<Hello>>) -> Result<Streaming<Hello>, Status>;
    const NUMBER: u32;
}

fn main() {}
