//! Prices, as they change: a stream of responses, which ends when the caller has heard enough.

use std::time::Duration;

use futures_util::stream;
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status, Streaming};

#[derive(Clone, PartialEq, prost::Message)]
struct Symbol {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Price {
    #[prost(uint64, tag = "1")]
    cents: u64,
}

/// Tells prices.
#[nats_rpc::service(package = "ticker.v1")]
trait Ticker {
    /// The price of something, now and whenever it changes.
    async fn watch(&self, request: Request<Symbol>) -> Result<Response<Streaming<Price>>, Status>;
}

struct Exchange;

impl Ticker for Exchange {
    async fn watch(&self, request: Request<Symbol>) -> Result<Response<Streaming<Price>>, Status> {
        if request.get_ref().name != "NATS" {
            return Err(Status::not_found(format!("{:?} is not traded here", request.get_ref().name)));
        }
        let prices = stream::unfold(1_000, |cents| async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok(Price { cents }), cents + 25))
        });
        let mut response = Response::stream(prices);
        response.metadata_mut().insert("x-currency", "EUR")?;
        Ok(response)
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let exchange = TickerServer::new(Exchange);
    let server = Server::builder().add_service(exchange).start(broker.connect().await?).await?;
    let ticker = TickerClient::new(Channel::new(broker.connect().await?));

    let response = ticker.watch(Symbol { name: "NATS".into() }).await?;
    println!("in {}", response.metadata().get("x-currency").unwrap_or("?"));
    let mut prices = response.into_inner();
    for _ in 0..3 {
        if let Some(price) = prices.message().await? {
            println!("NATS {}.{:02}", price.cents / 100, price.cents % 100);
        }
    }
    // The exchange stops telling, since nobody listens.
    drop(prices);

    let unknown = ticker.watch(Symbol { name: "HTTP".into() }).await;
    println!("HTTP {}", unknown.err().map(|status| status.to_string()).unwrap_or_default());

    server.shutdown().await;
    Ok(())
}
