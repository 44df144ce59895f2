//! Policies that can't be.

use nats_rpc::{Request, Response, Status};

#[nats_rpc::service(timeout_ms = 0, retry(max_attempts = 9), breaker(failure_ratio = 80))]
trait Values {}

#[nats_rpc::service(retry(atempts = 2))]
trait UnknownWithin {}

#[nats_rpc::service(durable)]
trait DurableService {}

#[nats_rpc::service(retry(max_attempts = 2), retry(off))]
trait Twice {}

#[nats_rpc::service(retry, hedge)]
trait Both {}

#[nats_rpc::service]
trait Methods {
    #[rpc(retry(initial_backoff_ms = 50, max_backoff_ms = 10, backoff_multiplier = 0))]
    async fn backoff(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(retry(retryable_codes = [UNAVAILABLE, INTERNAL]))]
    async fn undeclared(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(retry(retryable_codes = [UNAVAILABLE, Internal]))]
    async fn no_code(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(retry(off, max_attempts = 3))]
    async fn off(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(retry(max_attempts = 2, max_attempts = 3))]
    async fn twice(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(retry(backoff_multiplier = "2"))]
    async fn text(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(timeout_ms = 4294967296)]
    async fn long(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(hedge)]
    async fn hedged(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(idempotency = "idempotent", hedge(delay_ms = 5, tries = 2))]
    async fn unknown_hedge(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(breaker(open = 5))]
    async fn unknown_breaker(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(durable(max_deliveries = 0, stream = "a.b", dead_letter_subject = "dead.*"))]
    async fn kept(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(idempotency = "idempotent", durable, retry(max_attempts = 2))]
    async fn delivered(&self, request: Request<String>) -> Result<Response<String>, Status>;
    #[rpc(durable(name = "ORDERS"))]
    async fn unknown_durable(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

fn main() {}
