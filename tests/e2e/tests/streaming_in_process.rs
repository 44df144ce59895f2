//! Streams of a service called without any broker behave as remote ones do.

mod context;
mod deadlines;
mod giving_up;
mod layers;
mod panics;
mod proxies;
mod requests;
mod responses;

use e2e::{Answer, Question, question};
use futures_util::{Stream, StreamExt, stream};
use nats_rpc::{Status, Streaming};

/// Answers with these texts.
fn answers(texts: &[&str]) -> impl Stream<Item = Result<Answer, Status>> + Send + use<> {
    let texts: Vec<_> = texts.iter().map(|text| Ok(a(text))).collect();
    stream::iter(texts)
}

/// Questions with these texts.
fn questions(texts: &[&str]) -> impl Stream<Item = Question> + Send + use<> {
    let texts: Vec<_> = texts.iter().map(|text| question(*text)).collect();
    stream::iter(texts)
}

fn a(text: &str) -> Answer {
    Answer { text: text.to_owned(), ..Answer::default() }
}

/// All texts, or how it ended before.
async fn texts(stream: Streaming<Answer>) -> Result<Vec<String>, Status> {
    stream.map(|answer| answer.map(|answer| answer.text)).collect::<Vec<_>>().await.into_iter().collect()
}
