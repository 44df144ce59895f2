//! A trait may say what a method does by default, in a crate that allows nothing.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]

use futures_util::{StreamExt as _, stream};
use nats_rpc::{Code, Request, Response, Status, Streaming};

/// What implementations have to have besides.
pub trait Named {
    /// What it is called.
    fn name(&self) -> String;
}

/// Greets people, each in a language of its own.
#[nats_rpc::service(package = "greeter.v1", codec = "json", default_stubs)]
pub trait Greeter: Named + Send + Sync {
    /// Says hello.
    async fn say_hello(&self, request: Request<String>) -> Result<Response<String>, Status> {
        let name = request.into_inner();
        if name.is_empty() {
            return Err(Status::invalid_argument("nobody to greet"));
        }
        let title = title(&name)?;
        Ok(format!("Hello, {title}{name}! I am {}.", self.name()).into())
    }

    #[doc = concat!("Counts", " letters.")]
    #[doc(alias = "letters")]
    #[expect(clippy::cast_possible_truncation, reason = "names are short")]
    async fn count(&self, mut request: Request<Streaming<String>>) -> Result<Response<u32>, Status> {
        let mut count = 0;
        while let Some(name) = request.get_mut().message().await? {
            count += name.len() as u32;
        }
        Ok(count.into())
    }

    /// Has nothing to say.
    async fn watch(&self, _: Request<()>) -> Result<Response<Streaming<u32>>, Status> {
        Ok(Response::stream(stream::empty()))
    }

    /// Says everything again.
    async fn chat(&self, request: Request<Streaming<String>>) -> Result<Response<Streaming<String>>, Status> {
        let name = self.name();
        let answers = request.into_inner().map(move |word| word.map(|word| format!("{name}: {word}")));
        Ok(Response::stream(answers))
    }

    /// Is for implementations.
    async fn later(&self, request: Request<String>) -> Result<Response<String>, Status>;
}

fn title(name: &str) -> Result<&'static str, NoTitle> {
    if name.starts_with(char::is_uppercase) { Ok("dear ") } else { Err(NoTitle) }
}

#[derive(Debug)]
struct NoTitle;

impl From<NoTitle> for Status {
    fn from(_: NoTitle) -> Self {
        Self::not_found("no such title")
    }
}

#[derive(Debug)]
struct Ada;

impl Named for Ada {
    fn name(&self) -> String {
        "Ada".to_owned()
    }
}

impl Greeter for Ada {
    async fn watch(&self, _: Request<()>) -> Result<Response<Streaming<u32>>, Status> {
        Ok(Response::stream(stream::iter([Ok(1)])))
    }
}

#[tokio::test]
async fn what_is_left_out_does_what_the_trait_says() -> Result<(), Status> {
    let client = GreeterClient::new(GreeterServer::new(Ada));
    assert_eq!(client.say_hello("Bo".to_owned()).await?.get_ref(), "Hello, dear Bo! I am Ada.");
    let codes = [("", Code::InvalidArgument), ("bo", Code::NotFound)];
    for (name, code) in codes {
        assert_eq!(client.say_hello(name.to_owned()).await.expect_err(name).code(), code);
    }
    assert_eq!(*client.count(stream::iter(["a".to_owned(), "bc".to_owned()])).await?.get_ref(), 3);
    let mut answers = client.chat().send_all(stream::iter(["hm".to_owned()])).await?.into_inner();
    assert_eq!(answers.message().await?.as_deref(), Some("Ada: hm"));
    Ok(())
}

#[tokio::test]
async fn what_an_implementation_writes_comes_first() -> Result<(), Status> {
    let client = GreeterClient::new(GreeterServer::new(Ada));
    assert_eq!(client.watch(()).await?.into_inner().message().await?, Some(1));
    Ok(())
}

#[tokio::test]
async fn what_nobody_writes_is_unimplemented() {
    let client = GreeterClient::new(GreeterServer::new(Ada));
    let status = client.later("Bo".to_owned()).await.expect_err("nobody has written it");
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(status.message(), "/greeter.v1.Greeter/Later is not implemented here");
}

/// The lints of a crate hold for what people write: were there no warning, this expectation would be one.
#[expect(unused_variables, reason = "it is to be seen")]
mod linted {
    use nats_rpc::{Request, Response, Status};

    #[nats_rpc::service(codec = "json")]
    trait Careless {
        async fn forget(&self, request: Request<String>) -> Result<Response<()>, Status> {
            let name = request.into_inner();
            Ok(().into())
        }
    }
}
