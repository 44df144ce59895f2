//! What the service knows of the caller's time.

use std::time::Duration;

use e2e::{World, on_both};

use super::case::Definition;
use super::{Case, Shape, run};

on_both! {
    the_service_sees_what_is_left,
    without_a_deadline_there_is_none,
}

fn cases() -> [Case; 6] {
    let definition = Definition { data: vec![b"test response".to_vec(); 2], ..Definition::default() };
    Shape::ALL
        .map(|shape| Case::new("success", shape).requests([b"", b"test request"]).define(definition.clone()))
}

async fn the_service_sees_what_is_left(world: World) {
    run(&world, cases().map(|case| case.timeout(Duration::from_secs(120)))).await;
}

async fn without_a_deadline_there_is_none(world: World) {
    run(&world, cases()).await;
}
