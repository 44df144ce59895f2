//! `ConformanceService`, as the suites describe it to those who write one.

use std::collections::VecDeque;
use std::time::Duration;

use e2e::{Count, Guard};
use futures_util::{Stream, TryStreamExt, stream};
use nats_rpc::{Request, Response, Status, Streaming};

use super::answers::{metadata, one, seen, status};
use super::packed::Packed;
use super::proto::conformance_payload::RequestInfo;
use super::proto::{
    BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ClientStreamResponse, ConformancePayload,
    ConformanceService, IdempotentUnaryRequest, IdempotentUnaryResponse, ServerStreamRequest,
    ServerStreamResponse, StreamResponseDefinition, UnaryRequest, UnaryResponse, UnimplementedRequest,
    UnimplementedResponse,
};

/// Counts its handlers, in which streams of responses are included. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Conformance {
    pub(super) started: Count,
    pub(super) over: Count,
    /// Requests of streams that were read.
    pub(super) read: Count,
}

pub(super) async fn delay(millis: u32) {
    if millis > 0 {
        tokio::time::sleep(Duration::from_millis(millis.into())).await;
    }
}

impl ConformanceService for Conformance {
    async fn unary(&self, request: Request<UnaryRequest>) -> Result<Response<UnaryResponse>, Status> {
        let _over = self.enter();
        let mut seen = seen(&request);
        let request = request.into_inner();
        seen.requests.push(request.packed());
        one(request.response_definition, seen, |payload| UnaryResponse { payload }).await
    }

    async fn idempotent_unary(
        &self,
        request: Request<IdempotentUnaryRequest>,
    ) -> Result<Response<IdempotentUnaryResponse>, Status> {
        let _over = self.enter();
        let mut seen = seen(&request);
        let request = request.into_inner();
        seen.requests.push(request.packed());
        one(request.response_definition, seen, |payload| IdempotentUnaryResponse { payload }).await
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<ClientStreamRequest>>,
    ) -> Result<Response<ClientStreamResponse>, Status> {
        let _over = self.enter();
        let mut seen = seen(&request);
        let mut requests = request.into_inner();
        let mut definition = None;
        while let Some(request) = requests.message().await? {
            self.read.add();
            if seen.requests.is_empty() {
                definition.clone_from(&request.response_definition);
            }
            seen.requests.push(request.packed());
        }
        one(definition, seen, |payload| ClientStreamResponse { payload }).await
    }

    async fn server_stream(
        &self,
        request: Request<ServerStreamRequest>,
    ) -> Result<Response<Streaming<ServerStreamResponse>>, Status> {
        let over = self.enter();
        let mut seen = seen(&request);
        let request = request.into_inner();
        seen.requests.push(request.packed());
        let definition = request.response_definition.unwrap_or_default();
        let payloads = payloads(definition.clone(), seen);
        let payloads = payloads.map_ok(|payload| ServerStreamResponse { payload: Some(payload) });
        Ok(streamed(&definition, payloads, over))
    }

    async fn bidi_stream(
        &self,
        request: Request<Streaming<BidiStreamRequest>>,
    ) -> Result<Response<Streaming<BidiStreamResponse>>, Status> {
        let over = self.enter();
        let seen = seen(&request);
        let mut requests = request.into_inner();
        let Some(first) = requests.message().await? else { return Ok(Response::stream(stream::empty())) };
        self.read.add();
        let definition = first.response_definition.clone().unwrap_or_default();
        let answer = |payload| BidiStreamResponse { payload: Some(payload) };
        Ok(if first.full_duplex {
            let payloads = alternating(definition.clone(), seen, first, requests, self.read.clone());
            streamed(&definition, payloads.map_ok(answer), over)
        } else {
            let payloads = after_all(definition.clone(), seen, first, requests, self.read.clone());
            streamed(&definition, payloads.map_ok(answer), over)
        })
    }

    async fn unimplemented(
        &self,
        _: Request<UnimplementedRequest>,
    ) -> Result<Response<UnimplementedResponse>, Status> {
        Err(Status::unimplemented("as the suites want it"))
    }
}

impl Conformance {
    fn enter(&self) -> Guard {
        self.started.add();
        self.over.guard()
    }
}

/// The metadata goes at once, whatever the responses wait for.
fn streamed<T: Send + 'static>(
    definition: &StreamResponseDefinition,
    responses: impl Stream<Item = Result<T, Status>> + Send + 'static,
    over: Guard,
) -> Response<Streaming<T>> {
    let trailers = metadata(&definition.response_trailers);
    let failed = trailers.clone();
    let mut response = Response::stream(responses.map_err(move |status| {
        let _ = &over;
        status.with_metadata(failed.clone())
    }));
    *response.metadata_mut() = metadata(&definition.response_headers);
    *response.trailers_mut() = trailers;
    response
}

/// All responses, then the error. What was seen is in the first, or in the error.
fn payloads(
    definition: StreamResponseDefinition,
    seen: RequestInfo,
) -> impl Stream<Item = Result<ConformancePayload, Status>> {
    let StreamResponseDefinition { response_data, response_delay_ms, error, .. } = definition;
    let state = (VecDeque::from(response_data), Some(seen), error);
    stream::try_unfold(state, move |(mut data, mut seen, error)| async move {
        let Some(next) = data.pop_front() else {
            return match error {
                Some(error) => Err(status(&error, seen.map(|seen| seen.packed()))),
                None => Ok(None),
            };
        };
        delay(response_delay_ms).await;
        Ok(Some((ConformancePayload { data: next, request_info: seen.take() }, (data, seen, error))))
    })
}

/// Reads all requests first.
fn after_all(
    definition: StreamResponseDefinition,
    mut seen: RequestInfo,
    first: BidiStreamRequest,
    requests: Streaming<BidiStreamRequest>,
    read: Count,
) -> impl Stream<Item = Result<ConformancePayload, Status>> {
    let all = async move {
        seen.requests.push(first.packed());
        let rest = requests.inspect_ok(|_| read.add()).map_ok(|request| request.packed());
        seen.requests.extend(rest.try_collect::<Vec<_>>().await?);
        Ok::<_, Status>(payloads(definition, seen))
    };
    stream::once(all).try_flatten()
}

/// One response to each request, as long as there are any; then the error, or the responses that are left.
fn alternating(
    definition: StreamResponseDefinition,
    seen: RequestInfo,
    first: BidiStreamRequest,
    requests: Streaming<BidiStreamRequest>,
    read: Count,
) -> impl Stream<Item = Result<ConformancePayload, Status>> {
    let StreamResponseDefinition { response_data, response_delay_ms, error, .. } = definition;
    let state = (Some(first), requests, VecDeque::from(response_data), Some(seen), read);
    stream::try_unfold(state, move |(first, mut requests, mut data, mut seen, read)| {
        let error = error.clone();
        async move {
            let request = match first {
                Some(first) => Some(first),
                None => requests.message().await?.inspect(|_| read.add()),
            };
            let answered = seen.is_none();
            let mut info = seen.take().unwrap_or_default();
            info.requests.extend(request.as_ref().map(Packed::packed));
            let Some(next) = data.pop_front() else {
                return match error {
                    Some(error) => Err(status(&error, (!answered).then(|| info.packed()))),
                    None => Ok(None),
                };
            };
            delay(response_delay_ms).await;
            // What is left when there are no more requests has nothing to show.
            let request_info = request.is_some().then_some(info);
            Ok(Some((ConformancePayload { data: next, request_info }, (None, requests, data, seen, read))))
        }
    })
}
