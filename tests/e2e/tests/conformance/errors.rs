//! Calls that fail as they were asked to.

use e2e::{World, on_both};
use prost_types::Any;

use super::case::{Definition, Pairs};
use super::proto::Error;
use super::{Case, Shape, run};

const SENT: Pairs = &[("x-conformance-test", &["Value1", "Value2"])];
const HEADERS: Pairs = &[("x-custom-header", &["foo"])];
const TRAILERS: Pairs = &[("x-custom-trailer", &["bing"])];

/// The names of the codes from 1 on.
const CODES: [&str; 16] = [
    "canceled",
    "unknown",
    "invalid argument",
    "deadline exceeded",
    "not found",
    "already exists",
    "permission denied",
    "resource exhausted",
    "failed precondition",
    "aborted",
    "out of range",
    "unimplemented",
    "internal",
    "unavailable",
    "data loss",
    "unauthenticated",
];

on_both! {
    every_code,
    every_text,
    details,
    metadata_goes_with_an_error,
    an_error_comes_after_all_responses,
}

fn error(code: i32, message: &str) -> Error {
    Error { code, message: Some(message.to_owned()), details: Vec::new() }
}

fn failing(error: Error) -> Definition {
    Definition { error: Some(error), ..Definition::default() }
}

async fn every_code(world: World) {
    let cases = Shape::ALL.into_iter().flat_map(|shape| {
        (1..).zip(CODES).map(move |(code, name)| Case::new(name, shape).define(failing(error(code, name))))
    });
    run(&world, cases).await;
}

async fn every_text(world: World) {
    let cases = Shape::ALL.into_iter().flat_map(|shape| {
        let unicode = "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n";
        [
            ("Unicode", Some(unicode)),
            ("nothing", Some("")),
            ("no text", None),
            ("like an encoding", Some("%20%")),
        ]
        .map(|(name, text)| {
            let error = Error { message: text.map(str::to_owned), ..error(13, "") };
            Case::new(name, shape).define(failing(error))
        })
    });
    run(&world, cases).await;
}

async fn details(world: World) {
    let any = |name: &str, value: &[u8]| Any {
        type_url: format!("type.googleapis.com/{name}"),
        value: value.to_vec(),
    };
    let several = vec![any("a.message.that.nobody.Knows", &[0xff; 300]), any("e2e.v1.Empty", &[])];
    let cases = Shape::ALL.into_iter().map(|shape| {
        let error = Error { details: several.clone(), ..error(5, "not found") };
        Case::new("two details", shape).headers(SENT).define(failing(error))
    });
    run(&world, cases).await;
}

async fn metadata_goes_with_an_error(world: World) {
    let definition =
        Definition { headers: HEADERS, trailers: TRAILERS, ..failing(error(16, "unauthenticated")) };
    let cases = Shape::ALL.into_iter().flat_map(|shape| {
        let case = |name| Case::new(name, shape).headers(SENT).define(definition.clone());
        [case("one request"), case("several requests").requests([b"", b"test request"])]
    });
    run(&world, cases).await;
}

async fn an_error_comes_after_all_responses(world: World) {
    let definition = |count: usize| Definition {
        headers: HEADERS,
        data: vec![b"test response".to_vec(); count],
        error: Some(error(13, "stream failed")),
        trailers: TRAILERS,
        ..Definition::default()
    };
    let cases = Shape::RESPONSES.into_iter().flat_map(|shape| {
        [0, 1, 2, 100].map(|count| {
            let name = format!("{count} responses");
            Case::new(name, shape).headers(SENT).requests([b"", b"test request"]).define(definition(count))
        })
    });
    run(&world, cases).await;
}
