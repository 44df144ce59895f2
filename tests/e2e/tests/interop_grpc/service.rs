//! `TestService` as gRPC describes it to those who write a server for the tests.

use std::time::Duration;

use e2e::Count;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use nats_rpc::{Code, Metadata, Request, Response, Status, Streaming};

use super::payload;
use super::proto::{
    EchoStatus, Empty, SimpleRequest, SimpleResponse, StreamingInputCallRequest, StreamingInputCallResponse,
    StreamingOutputCallRequest, StreamingOutputCallResponse, TestService, UnimplementedService,
};

/// Counts its handlers, in which streams of responses are included. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interop {
    pub(crate) started: Count,
    pub(crate) over: Count,
}

impl TestService for Interop {
    async fn empty_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Empty {}.into())
    }

    async fn unary_call(&self, request: Request<SimpleRequest>) -> Result<Response<SimpleResponse>, Status> {
        let (initial, trailing) = echoed(request.metadata())?;
        let request = request.into_inner();
        if let Some(status) = asked(request.response_status) {
            return Err(status.with_response_metadata(initial).with_metadata(trailing));
        }
        let mut response = Response::new(SimpleResponse { payload: payload(request.response_size) });
        *response.metadata_mut() = initial;
        *response.trailers_mut() = trailing;
        Ok(response)
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<Response<Streaming<StreamingOutputCallResponse>>, Status> {
        let echo = echoed(request.metadata())?;
        Ok(self.streamed(echo, responses(request.into_inner())))
    }

    async fn streaming_input_call(
        &self,
        request: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let _over = self.over.guard();
        self.started.add();
        let sizes = request.into_inner().map_ok(|request| super::size_of(request.payload.as_ref()));
        let all = sizes.try_fold(0, |all, size| std::future::ready(Ok(all + size))).await?;
        let aggregated_payload_size = i32::try_from(all).expect("less than 2 GiB");
        Ok(StreamingInputCallResponse { aggregated_payload_size }.into())
    }

    async fn full_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Streaming<StreamingOutputCallResponse>>, Status> {
        let echo = echoed(request.metadata())?;
        Ok(self.streamed(echo, request.into_inner().map_ok(responses).try_flatten()))
    }

    async fn half_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<Response<Streaming<StreamingOutputCallResponse>>, Status> {
        let echo = echoed(request.metadata())?;
        let requests: Vec<_> = request.into_inner().try_collect().await?;
        Ok(self.streamed(echo, stream::iter(requests).map(responses).flatten()))
    }

    async fn unimplemented_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Err(Status::unimplemented("as the tests want it"))
    }
}

impl UnimplementedService for Interop {
    async fn unimplemented_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Err(Status::unimplemented("as the tests want it"))
    }
}

impl Interop {
    fn streamed<S>(
        &self,
        (initial, trailing): (Metadata, Metadata),
        responses: S,
    ) -> Response<Streaming<StreamingOutputCallResponse>>
    where
        S: Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send + 'static,
    {
        self.started.add();
        let over = self.over.guard();
        let mut response = Response::stream(responses.inspect(move |_| {
            let _ = &over;
        }));
        *response.metadata_mut() = initial;
        *response.trailers_mut() = trailing;
        response
    }
}

/// What goes back before and after the response.
fn echoed(metadata: &Metadata) -> Result<(Metadata, Metadata), Status> {
    let (mut initial, mut trailing) = (Metadata::new(), Metadata::new());
    for value in metadata.get_all("x-grpc-test-echo-initial") {
        initial.append("x-grpc-test-echo-initial", value.to_owned())?;
    }
    for value in metadata.get_all_bin("x-grpc-test-echo-trailing-bin") {
        trailing.append_bin("x-grpc-test-echo-trailing-bin", value.to_vec())?;
    }
    Ok((initial, trailing))
}

/// The status that a request asks for.
fn asked(status: Option<EchoStatus>) -> Option<Status> {
    let EchoStatus { code, message } = status.filter(|status| status.code != 0)?;
    Some(Status::new(Code::from_number(code.try_into().unwrap_or(u32::MAX)), message))
}

/// The responses that one request asks for.
fn responses(
    request: StreamingOutputCallRequest,
) -> impl Stream<Item = Result<StreamingOutputCallResponse, Status>> {
    let failure = asked(request.response_status).map(Err);
    stream::iter(failure).chain(stream::iter(request.response_parameters).then(|parameters| async move {
        if let Ok(interval @ 1..) = parameters.interval_us.try_into() {
            tokio::time::sleep(Duration::from_micros(interval)).await;
        }
        Ok(StreamingOutputCallResponse { payload: payload(parameters.size) })
    }))
}
