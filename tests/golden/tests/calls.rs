//! Services with names that mean something in Rust are called like any other.

use std::sync::atomic::{AtomicUsize, Ordering};

use golden::names::names::r#type::v1 as m;
use m::{Words as _, WordsClient, WordsServer};
use nats_rpc::{Request, Response, Status};

/// Counts calls.
#[derive(Debug, Default)]
struct Counter(AtomicUsize);

impl Counter {
    fn count<T: Default>(&self) -> Result<Response<T>, Status> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Response::new(T::default()))
    }
}

impl m::Words for Counter {
    async fn new_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn connect_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn clone_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn on_instance_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn self_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn super_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn crate_(&self, _: Request<m::Self_>) -> Result<Response<m::Self_>, Status> {
        self.count()
    }

    async fn r#type(&self, _: Request<m::Option>) -> Result<Response<m::Result>, Status> {
        self.count()
    }

    async fn r#match(&self, _: Request<m::String>) -> Result<Response<m::Box>, Status> {
        self.count()
    }

    async fn r#async(&self, _: Request<m::Send>) -> Result<Response<m::Future>, Status> {
        self.count()
    }

    async fn r#gen(&self, _: Request<m::Request>) -> Result<Response<m::Response>, Status> {
        self.count()
    }

    async fn call(&self, _: Request<m::Status>) -> Result<Response<m::Status>, Status> {
        self.count()
    }

    async fn poll_ready(&self, _: Request<m::Status>) -> Result<Response<m::Status>, Status> {
        self.count()
    }

    async fn as_ref(&self, _: Request<m::Status>) -> Result<Response<m::Status>, Status> {
        self.count()
    }

    async fn request(&self, _: Request<m::Request>) -> Result<Response<m::Response>, Status> {
        self.count()
    }

    async fn handler(&self, _: Request<m::Request>) -> Result<Response<m::Response>, Status> {
        self.count()
    }

    async fn get_url_for2_things(&self, _: Request<m::Request>) -> Result<Response<m::Response>, Status> {
        self.count()
    }

    async fn lower_case(&self, _: Request<m::Request>) -> Result<Response<m::Response>, Status> {
        self.count()
    }
}

#[tokio::test]
async fn every_name_can_be_called() -> Result<(), Status> {
    let counter = std::sync::Arc::new(Counter::default());
    let client = WordsClient::new(WordsServer::from_arc(std::sync::Arc::clone(&counter)));
    client.new_(m::Self_::default()).await?;
    client.connect_(m::Self_::default()).await?;
    client.clone_(m::Self_::default()).await?;
    client.on_instance_(m::Self_::default()).await?;
    client.self_(m::Self_::default()).await?;
    client.super_(m::Self_::default()).await?;
    client.crate_(m::Self_::default()).await?;
    client.r#type(m::Option::default()).await?;
    client.r#match(m::String::default()).await?;
    client.r#async(m::Send::default()).await?;
    client.r#gen(m::Request::default()).await?;
    client.call(m::Status::default()).await?;
    client.poll_ready(m::Status::default()).await?;
    client.as_ref(m::Status::default()).await?;
    client.request(m::Request::default()).await?;
    client.handler(m::Request::default()).await?;
    client.get_url_for2_things(m::Request::default()).await?;
    client.lower_case(m::Request::default()).await?;
    let served = client.clone();
    served.new_(m::Self_::default()).await?;
    served.on_instance("any").new_(m::Self_::default()).await?;
    assert_eq!(counter.0.load(Ordering::Relaxed), 20);
    drop(counter.new_(Request::new(m::Self_::default())).await?);
    Ok(())
}
