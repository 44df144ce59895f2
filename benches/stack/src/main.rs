//! What the default layers cost a unary call that succeeds: a service that answers at once, alone and within them,
//! measured alternately.
//!
//! `cargo run --release -p stack [ROUNDS]` prints a table.

use std::future::{Future, Ready, poll_fn, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::BytesMut;
use nats_rpc::layer::StackLayer;
use nats_rpc::raw::{Body, Call, CallService, Reply, ReplyBody};
use nats_rpc::server::RpcService;
use nats_rpc::{Metadata, Method, Request, Response, Status};
use tower_layer::Layer;
use tower_service::Service;

const CALLS: u32 = 200_000;
const BLOCK: usize = 32 * 1024;

#[nats_rpc::service(package = "bench")]
trait Echo {
    async fn undeclared(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
    #[rpc(idempotency = "idempotent")]
    async fn idempotent(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
    #[rpc(idempotency = "no_side_effects", timeout_ms = 500)]
    async fn read(&self, request: Request<u64>) -> Result<Response<u64>, Status>;
}

struct Nobody;

impl Echo for Nobody {
    async fn undeclared(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
        Ok(request.into_inner().into())
    }
    async fn idempotent(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
        Ok(request.into_inner().into())
    }
    async fn read(&self, request: Request<u64>) -> Result<Response<u64>, Status> {
        Ok(request.into_inner().into())
    }
}

/// Answers at once.
#[derive(Clone)]
struct AtOnce;

impl Service<Call> for AtOnce {
    type Response = Reply;
    type Error = Status;
    type Future = Ready<Result<Reply, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let Body::Unary(message) = call.into_body() else { panic!("a stream") };
        ready(Ok(Reply::new(Metadata::new(), ReplyBody::Unary { message, trailers: Metadata::new() })))
    }
}

/// One call, as a generated client makes it: its message is cut from a block; then clone, ready, call.
fn call<S: CallService>(service: &S, method: &Method, block: &mut BytesMut) {
    block.extend_from_slice(black_box(&[7; 64]));
    let message = block.split().freeze();
    let mut service = service.clone();
    let mut cx = Context::from_waker(Waker::noop());
    let is_ready = pin!(poll_fn(|cx| service.poll_ready(cx))).poll(&mut cx).is_ready();
    assert!(is_ready, "it is always ready");
    let reply = pin!(service.call(Call::new(method.clone(), Body::Unary(message)))).poll(&mut cx);
    assert!(matches!(black_box(reply), Poll::Ready(Ok(_))), "it answers at once");
}

fn nanoseconds<S: CallService>(service: &S, method: &Method) -> f64 {
    let mut block = BytesMut::with_capacity(BLOCK);
    let begin = Instant::now();
    for _ in 0..CALLS {
        call(service, method, &mut block);
    }
    begin.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
}

fn allocations<S: CallService>(service: &S, method: &Method) -> u64 {
    let mut block = BytesMut::with_capacity(BLOCK);
    call(service, method, &mut block);
    allocation_counter::measure(|| call(service, method, &mut block)).count_total
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let rounds = std::env::args().nth(1).map_or(11, |rounds| rounds.parse().expect("ROUNDS is a number"));
    let stack = StackLayer::new().layer(AtOnce);
    println!("| method | alone | within the default layers | they cost | allocations of theirs |");
    println!("|---|---|---|---|---|");
    for method in EchoServer::<Nobody>::SPEC.methods() {
        let (mut alone, mut within, mut cost) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (one, other) = (nanoseconds(&AtOnce, &method), nanoseconds(&stack, &method));
            alone.push(one);
            within.push(other);
            cost.push(other - one);
        }
        println!(
            "| {} | {:.0} ns | {:.0} ns | {:.0} ns | {} |",
            method.name(),
            median(alone),
            median(within),
            median(cost),
            allocations(&stack, &method) - allocations(&AtOnce, &method)
        );
    }
}
