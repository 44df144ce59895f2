//! Messages at the receiver's limit, and just over it. The lengths are those of encoded messages.

use e2e::{World, on_both};
use nats_rpc::{Code, Reason, Server};
use prost::Message;

use super::case::Definition;
use super::proto::{ConformanceServiceClient, ConformanceServiceServer, UnaryResponse};
use super::{Case, Conformance, Outcome, Shape, call, start};

const SERVER_LIMIT: usize = 200 * 1024;
const CLIENT_LIMIT: usize = 1024 * 1024;

on_both! {
    the_limit_of_the_server,
    the_limit_of_the_client,
}

/// How much longer than the limit each message is.
struct Sizes {
    shape: Shape,
    /// `None`: short.
    over: [Option<usize>; 2],
    /// How many responses come before the failure; `None`: it succeeds.
    fails_after: Option<usize>,
}

const fn passes(shape: Shape, over: [Option<usize>; 2]) -> Sizes {
    Sizes { shape, over, fails_after: None }
}

const fn fails(shape: Shape, over: [Option<usize>; 2], responses: usize) -> Sizes {
    Sizes { shape, over, fails_after: Some(responses) }
}

const SHORT: Option<usize> = None;
const EQUAL: Option<usize> = Some(0);
const OVER: Option<usize> = Some(1);
const FAR_OVER: Option<usize> = Some(3 * 1024 * 1024);

/// A call whose messages with these indexes are as long as `length` says.
fn sized(shape: Shape, lengths: [Option<usize>; 2], length: fn(&Case, usize) -> usize) -> Case {
    let data = vec![b"test response".to_vec(); 2];
    let case = Case::new(format!("{lengths:?}"), shape).requests([b"", b""]);
    let mut case = case.define(Definition { data, ..Definition::default() });
    for (index, wanted) in (0..case.requests.len()).zip(lengths) {
        let Some(wanted) = wanted else { continue };
        // The lengths of lengths settle after a few rounds.
        case.requests[index] = vec![0; wanted - 200];
        for _ in 0..3 {
            let padding = case.requests[index].len() + wanted - length(&case, index);
            case.requests[index] = vec![0; padding];
        }
        assert_eq!(length(&case, index), wanted, "{case}");
    }
    case
}

#[track_caller]
fn check(case: &Case, outcome: &Outcome, fails_after: Option<usize>) {
    let mut expected = case.expected();
    if let Some(responses) = fails_after {
        assert_eq!(outcome.code(), Code::ResourceExhausted, "{case}: {:?}", outcome.failure);
        expected.payloads.truncate(responses);
    } else {
        assert_eq!(outcome.failure, None, "{case}");
    }
    assert!(outcome.payloads == expected.payloads, "{case}: {} responses", outcome.payloads.len());
}

async fn the_limit_of_the_server(world: World) {
    let server = Server::builder().add_service(ConformanceServiceServer::new(Conformance::default()));
    let _server = server.max_message(SERVER_LIMIT).start(world.connect().await).await.unwrap();
    let client = ConformanceServiceClient::new(world.channel().await.without_default_timeout());
    for Sizes { shape, over, fails_after } in [
        passes(Shape::Unary, [EQUAL, SHORT]),
        fails(Shape::Unary, [OVER, SHORT], 0),
        fails(Shape::Unary, [FAR_OVER, SHORT], 0),
        passes(Shape::IdempotentUnary, [EQUAL, SHORT]),
        fails(Shape::IdempotentUnary, [OVER, SHORT], 0),
        passes(Shape::ClientStream, [EQUAL, EQUAL]),
        fails(Shape::ClientStream, [OVER, EQUAL], 0),
        fails(Shape::ClientStream, [EQUAL, OVER], 0),
        fails(Shape::ClientStream, [SHORT, FAR_OVER], 0),
        passes(Shape::ServerStream, [EQUAL, SHORT]),
        fails(Shape::ServerStream, [OVER, SHORT], 0),
        fails(Shape::ServerStream, [FAR_OVER, SHORT], 0),
        passes(Shape::HalfDuplex, [EQUAL, EQUAL]),
        fails(Shape::HalfDuplex, [OVER, EQUAL], 0),
        fails(Shape::HalfDuplex, [EQUAL, OVER], 0),
        passes(Shape::FullDuplex, [EQUAL, EQUAL]),
        fails(Shape::FullDuplex, [OVER, EQUAL], 0),
        fails(Shape::FullDuplex, [EQUAL, OVER], 1),
        fails(Shape::FullDuplex, [SHORT, FAR_OVER], 1),
    ] {
        let case = sized(shape, over.map(|over| over.map(|over| SERVER_LIMIT + over)), |case, index| {
            case.lengths()[index]
        });
        check(&case, &call(&client, &case).await, fails_after);
    }
}

/// Responses show requests: in full duplex each its own, else the first shows all.
async fn the_limit_of_the_client(world: World) {
    let (_, _server) = start(&world).await;
    let channel = world.channel().await.without_default_timeout();
    let client = ConformanceServiceClient::new(channel.with_max_message(CLIENT_LIMIT));
    for Sizes { shape, over, fails_after } in [
        passes(Shape::Unary, [EQUAL, SHORT]),
        fails(Shape::Unary, [OVER, SHORT], 0),
        fails(Shape::Unary, [FAR_OVER, SHORT], 0),
        passes(Shape::IdempotentUnary, [EQUAL, SHORT]),
        fails(Shape::IdempotentUnary, [OVER, SHORT], 0),
        passes(Shape::ClientStream, [EQUAL, SHORT]),
        fails(Shape::ClientStream, [OVER, SHORT], 0),
        fails(Shape::ClientStream, [FAR_OVER, SHORT], 0),
        passes(Shape::ServerStream, [EQUAL, SHORT]),
        fails(Shape::ServerStream, [OVER, SHORT], 0),
        passes(Shape::HalfDuplex, [EQUAL, SHORT]),
        fails(Shape::HalfDuplex, [OVER, SHORT], 0),
        passes(Shape::FullDuplex, [EQUAL, EQUAL]),
        fails(Shape::FullDuplex, [OVER, EQUAL], 0),
        fails(Shape::FullDuplex, [EQUAL, OVER], 1),
    ] {
        let case = sized(shape, over.map(|over| over.map(|over| CLIENT_LIMIT + over)), |case, index| {
            let payload = Some(case.expected().payloads.swap_remove(index));
            UnaryResponse { payload }.encoded_len()
        });
        check(&case, &call(&client, &case).await, fails_after);
    }
    // The library itself said so, here.
    let case = sized(Shape::Unary, [Some(CLIENT_LIMIT), SHORT], |case, index| case.lengths()[index]);
    let status = client.unary(case.unary()).await.unwrap_err();
    assert_eq!(status.reason(), Some(Reason::TooLarge));
}
