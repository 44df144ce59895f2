//! Several values of a name, in order, in each place.

use e2e::{World, on_both};

use super::case::{Definition, Pairs};
use super::proto::Error;
use super::{Case, Shape, run};

const SENT: Pairs = &[("x-conformance-test", &["Value1", "Value2", "Value1"]), ("x-other", &["a,b", " c "])];
const HEADERS: Pairs = &[("x-custom-header", &["foo", "bar", "baz"]), ("x-both", &["before"])];
const TRAILERS: Pairs = &[("x-custom-trailer", &["bing", "quux", "bing"]), ("x-both", &["after"])];

on_both! {
    success,
    errors,
}

fn cases(error: Option<&Error>) -> impl Iterator<Item = Case> {
    Shape::ALL.into_iter().flat_map(move |shape| {
        [0, 2].map(|count: usize| {
            let definition = Definition {
                headers: HEADERS,
                data: vec![b"test response".to_vec(); count],
                error: error.cloned(),
                trailers: TRAILERS,
                ..Definition::default()
            };
            let name = format!("{count} responses");
            Case::new(name, shape).headers(SENT).requests([b"", b"test request"]).define(definition)
        })
    })
}

async fn success(world: World) {
    run(&world, cases(None)).await;
}

async fn errors(world: World) {
    let error = Error { code: 13, message: Some("failed".to_owned()), details: Vec::new() };
    run(&world, cases(Some(&error))).await;
}
