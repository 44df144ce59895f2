//! Messages that do not decode, either way: INTERNAL, as for everything that generated code does not understand.

use e2e::{World, on_both};
use futures_util::stream;
use nats_rpc::{Code, Request, Response, Status, Streaming};

use super::service::{RulesClient, RulesServer, Scripted};

on_both! {
    requests,
    responses,
}

/// The same service on the wire, but for its texts, which may be any bytes here.
mod raw {
    use nats_rpc::{Request, Response, Status, Streaming};

    #[nats_rpc::service(package = "e2e.rules")]
    pub(crate) trait Rules {
        async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Status>;
        async fn watch(&self, request: Request<Vec<u8>>) -> Result<Response<Streaming<Vec<u8>>>, Status>;
        async fn upload(&self, request: Request<Streaming<Vec<u8>>>) -> Result<Response<Vec<u8>>, Status>;
        async fn chat(
            &self,
            request: Request<Streaming<Vec<u8>>>,
        ) -> Result<Response<Streaming<Vec<u8>>>, Status>;
    }
}

const NO_TEXT: [u8; 2] = [0xff, 0xfe];

struct NoTexts;

impl raw::Rules for NoTexts {
    async fn ask(&self, _: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Status> {
        Ok(NO_TEXT.to_vec().into())
    }

    async fn watch(&self, _: Request<Vec<u8>>) -> Result<Response<Streaming<Vec<u8>>>, Status> {
        Ok(Response::stream(stream::iter([Ok(b"text".to_vec()), Ok(NO_TEXT.to_vec()), Ok(b"text".to_vec())])))
    }

    async fn upload(&self, _: Request<Streaming<Vec<u8>>>) -> Result<Response<Vec<u8>>, Status> {
        Ok(NO_TEXT.to_vec().into())
    }

    async fn chat(
        &self,
        request: Request<Streaming<Vec<u8>>>,
    ) -> Result<Response<Streaming<Vec<u8>>>, Status> {
        Ok(Response::stream(request.into_inner()))
    }
}

async fn requests(world: World) {
    let service = Scripted::default()
        .watch(|_| async { Ok(Response::stream(stream::empty())) })
        .upload(|request| async move {
            let mut requests = request.into_inner();
            while requests.message().await?.is_some() {}
            Ok(String::new().into())
        })
        .chat(|request| async move { Ok(Response::stream(request.into_inner())) });
    let _server = world.serve(RulesServer::new(service)).await;
    let client = raw::RulesClient::new(world.channel().await);
    let texts = || stream::iter([b"text".to_vec(), NO_TEXT.to_vec()]);
    let ask = client.ask(NO_TEXT.to_vec()).await.map(drop).unwrap_err();
    let watch = client.watch(NO_TEXT.to_vec()).await.map(drop).unwrap_err();
    let upload = client.upload(texts()).await.map(drop).unwrap_err();
    let mut echoed = client.chat().send_all(texts()).await.unwrap().into_inner();
    assert_eq!(echoed.message().await.unwrap().as_deref(), Some(&b"text"[..]));
    let chat = echoed.message().await.unwrap_err();
    for status in [ask, watch, upload, chat] {
        assert_eq!(status.code(), Code::Internal, "{status}");
    }
}

async fn responses(world: World) {
    let server = world.serve(raw::RulesServer::new(NoTexts)).await;
    let client = RulesClient::new(world.channel().await);
    let ask = client.ask(String::new()).await.map(drop).unwrap_err();
    let upload = client.upload(stream::empty()).await.map(drop).unwrap_err();
    let mut texts = client.watch(String::new()).await.unwrap().into_inner();
    assert_eq!(texts.message().await.unwrap().as_deref(), Some("text"));
    let watch = texts.message().await.unwrap_err();
    assert_eq!(texts.message().await.unwrap(), None, "nothing comes after it");
    for status in [ask, upload, watch] {
        assert_eq!(status.code(), Code::Internal, "{status}");
    }
    e2e::nothing_runs(&server).await;
}
