//! Methods of all four kinds are called like any other, from a `.proto` and from a Rust trait.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]

use futures_util::{StreamExt as _, stream};
use golden::streaming::streaming::v1::{Clock, ClockClient, ClockServer, Tick};
use nats_rpc::{Kind, Request, Response, Status, Streaming};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
struct Sundial;

impl Clock for Sundial {
    async fn watch(&self, request: Request<Tick>) -> Result<Response<Streaming<Tick>>, Status> {
        let ticks = (0..request.get_ref().number).map(|number| Ok(Tick { number }));
        Ok(Response::stream(stream::iter(ticks)))
    }

    async fn now(&self, request: Request<Tick>) -> Result<Response<Tick>, Status> {
        Ok(request.into_inner().into())
    }

    async fn upload(&self, request: Request<Streaming<Tick>>) -> Result<Response<Tick>, Status> {
        let mut ticks = request.into_inner();
        let mut number = 0;
        while let Some(tick) = ticks.message().await? {
            number += tick.number;
        }
        Ok(Tick { number }.into())
    }

    async fn chat(&self, request: Request<Streaming<Tick>>) -> Result<Response<Streaming<Tick>>, Status> {
        let doubled =
            request.into_inner().map(|tick| tick.map(|Tick { number }| Tick { number: 2 * number }));
        Ok(Response::stream(doubled))
    }

    async fn set(&self, request: Request<Tick>) -> Result<Response<Tick>, Status> {
        Ok(request.into_inner().into())
    }
}

const fn tick(number: u64) -> Tick {
    Tick { number }
}

async fn numbers(mut ticks: Streaming<Tick>) -> Result<Vec<u64>, Status> {
    let mut numbers = Vec::new();
    while let Some(tick) = ticks.message().await? {
        numbers.push(tick.number);
    }
    Ok(numbers)
}

#[tokio::test]
async fn every_kind_can_be_called() -> Result<(), Status> {
    let client = ClockClient::new(ClockServer::new(Sundial));
    assert_eq!(numbers(client.watch(tick(3)).await?.into_inner()).await?, [0, 1, 2]);
    assert_eq!(client.now(tick(7)).await?.get_ref().number, 7);
    assert_eq!(client.upload(stream::iter([tick(1), tick(2)])).await?.get_ref().number, 3);
    let answers = client.chat().send_all(stream::iter([tick(1), tick(2)])).await?;
    assert_eq!(numbers(answers.into_inner()).await?, [2, 4]);

    let (mut sender, mut receiver) = client.on_instance("any").chat().await?.into_split();
    sender.send(tick(4)).await?;
    assert_eq!(receiver.message().await?, Some(tick(8)));
    sender.close();
    assert_eq!(receiver.message().await?, None);
    Ok(())
}

/// A message that only serde knows.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word(String);

/// Says everything again.
#[nats_rpc::service(package = "echo.v1", codec = "json")]
pub trait Echo {
    /// Letter by letter.
    async fn spell(&self, request: Request<Word>) -> Result<Response<Streaming<char>>, Status>;

    /// All at once.
    async fn join(&self, request: Request<nats_rpc::Streaming<char>>) -> Result<Response<Word>, Status>;

    /// Word by word.
    async fn echo(&self, request: Request<Streaming<Word>>) -> Result<Response<Streaming<Word>>, Status>;
}

#[derive(Debug)]
struct Valley;

impl Echo for Valley {
    async fn spell(&self, request: Request<Word>) -> Result<Response<Streaming<char>>, Status> {
        let letters: Vec<_> = request.into_inner().0.chars().map(Ok).collect();
        Ok(Response::stream(stream::iter(letters)))
    }

    async fn join(&self, request: Request<Streaming<char>>) -> Result<Response<Word>, Status> {
        let mut letters = request.into_inner();
        let mut word = String::new();
        while let Some(letter) = letters.message().await? {
            word.push(letter);
        }
        Ok(Word(word).into())
    }

    async fn echo(&self, request: Request<Streaming<Word>>) -> Result<Response<Streaming<Word>>, Status> {
        Ok(Response::stream(request.into_inner()))
    }
}

#[tokio::test]
async fn a_trait_has_every_kind_too() -> Result<(), Status> {
    let kinds: Vec<_> = ECHO.methods().map(|method| method.kind()).collect();
    assert_eq!(kinds, [Kind::ServerStreaming, Kind::ClientStreaming, Kind::BidiStreaming]);
    let client = EchoClient::new(EchoServer::new(Valley));
    let letters = client.spell(Word("λa".to_owned())).await?.into_inner();
    assert_eq!(client.join(letters).await?.into_inner(), Word("λa".to_owned()));
    let mut echoes = client.chat_with("hello").await?;
    assert_eq!(echoes.message().await?, Some(Word("hello".to_owned())));
    assert_eq!(echoes.message().await?, None);
    Ok(())
}

impl<S: nats_rpc::CallService> EchoClient<S> {
    async fn chat_with(&self, word: &str) -> Result<Streaming<Word>, Status> {
        Ok(self.echo().send_all(stream::iter([Word(word.to_owned())])).await?.into_inner())
    }
}
