//! A call is processed by a single server, whoever else serves the method.

use std::collections::HashSet;

use e2e::{World, on_both};
use futures_util::TryStreamExt;
use nats_rpc::Response;

use super::service::{RulesClient, RulesServer, Scripted};

on_both! {
    all_messages_of_a_call_meet,
}

/// Answers each request with its name.
fn named(name: &'static str) -> RulesServer<Scripted> {
    RulesServer::new(Scripted::default().chat(move |request| async move {
        Ok(Response::stream(request.into_inner().map_ok(move |text| format!("{name} {text}"))))
    }))
}

async fn all_messages_of_a_call_meet(world: World) {
    let mut servers = Vec::new();
    for name in ["first", "second", "third"] {
        servers.push(world.serve(named(name)).await);
    }
    let client = RulesClient::new(world.channel().await);
    let mut seen = HashSet::new();
    // All the same server would be a chance of 3 to the power of -39.
    for _ in 0..40 {
        let (mut requests, mut responses) = client.chat().await.unwrap().into_split();
        let mut own = None;
        for n in 0..10 {
            requests.send(n.to_string()).await.unwrap();
            let response = responses.message().await.unwrap().unwrap();
            let (name, text) = response.split_once(' ').unwrap();
            assert_eq!(text, n.to_string());
            assert_eq!(own.get_or_insert_with(|| name.to_owned()), name);
        }
        seen.extend(own);
    }
    assert!(seen.len() > 1, "{seen:?}");
}
