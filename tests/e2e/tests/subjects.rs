//! Where services are found, and who shares their calls.

use async_nats::HeaderMap;
use e2e::{
    Answer, Bystander, Count, Empty, PlacedClient, ProbeClient, World, answer, on_both, other, placed, probe,
    question,
};
use futures_util::StreamExt;
use futures_util::future::join_all;
use nats_rpc::server::{Handle, Mount};
use nats_rpc::{Channel, Code};

/// So many calls that it would be a wonder if one instance got them all.
const CALLS: usize = 100;

/// A `Placed` that counts its calls; what it is mounted as is up to `mount`.
async fn instance(world: &World, mount: impl FnOnce(Mount) -> Mount) -> (Count, Handle) {
    let served = Count::new();
    let counted = served.clone();
    let service = placed(move |_| {
        counted.add();
        async { Ok(answer("")) }
    });
    (served, world.serve(mount(Mount::new(service))).await)
}

/// A client that is told of the place.
async fn client(world: &World) -> PlacedClient {
    PlacedClient::new(world.channel().await.with_subject("e2e.v1.Placed", "another.place").unwrap())
}

on_both! {
    the_proto_says_where_a_service_is,
    a_service_can_be_mounted_elsewhere,
    a_mount_wins_over_the_proto,
    illegal_subjects_are_refused,
    instances_of_a_group_share_the_calls,
    the_group_is_what_the_proto_says,
    a_service_without_options_is_in_the_usual_group,
    two_services_of_one_name_live_side_by_side,
}

async fn the_proto_says_where_a_service_is(world: World) {
    let _server = world.serve(placed(|_| async { Ok(answer("here")) })).await;
    let client = PlacedClient::new(world.channel().await);
    assert_eq!(client.who(Empty {}).await.unwrap().into_inner().text, "here");
}

async fn a_service_can_be_mounted_elsewhere(world: World) {
    let elsewhere =
        Mount::new(probe(|_| async { Ok(answer("elsewhere")) })).subject("some.where.else").unwrap();
    let _first = world.serve(elsewhere).await;
    let channel = world.channel().await;
    let client = ProbeClient::new(channel.clone());
    assert_eq!(client.ask(question("")).await.unwrap_err().code(), Code::Unavailable);
    let told = ProbeClient::new(channel.clone().with_subject("e2e.v1.Probe", "some.where.else").unwrap());
    assert_eq!(told.ask(question("")).await.unwrap().into_inner().text, "elsewhere");
    // It is a matter of that service and channel alone.
    let _second = world.serve(probe(|_| async { Ok(answer("at home")) })).await;
    let not_told = ProbeClient::new(channel.with_subject("e2e.v1.Other", "some.where.else").unwrap());
    assert_eq!(not_told.ask(question("")).await.unwrap().into_inner().text, "at home");
    assert_eq!(told.ask(question("")).await.unwrap().into_inner().text, "elsewhere");
}

async fn a_mount_wins_over_the_proto(world: World) {
    let mount = Mount::new(placed(|_| async { Ok(answer("moved")) })).subject("moved").unwrap();
    let _server = world.serve(mount).await;
    assert_eq!(client(&world).await.who(Empty {}).await.unwrap_err().code(), Code::Unavailable);
    let told = PlacedClient::new(world.channel().await.with_subject("e2e.v1.Placed", "moved").unwrap());
    assert_eq!(told.who(Empty {}).await.unwrap().into_inner().text, "moved");
}

async fn illegal_subjects_are_refused(world: World) {
    let channel = world.channel().await;
    for subject in ["", "a..b", "a.*", "a.>", "a b", "$SYS.x", "_INBOX.x", "ü"] {
        let status = Mount::new(other(|_| async { Ok(answer("")) })).subject(subject).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{subject:?}");
        let status = channel.clone().with_subject("e2e.v1.Other", subject).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{subject:?}");
    }
}

async fn instances_of_a_group_share_the_calls(world: World) {
    let (first, _a) = instance(&world, |mount| mount).await;
    let (second, _b) = instance(&world, |mount| mount).await;
    let client = client(&world).await;
    for outcome in join_all((0..CALLS).map(|_| client.who(Empty {}))).await {
        outcome.unwrap();
    }
    assert!(first.get() > 0 && second.get() > 0, "{} and {}", first.get(), second.get());
    assert_eq!(first.get() + second.get(), CALLS);
}

async fn the_group_is_what_the_proto_says(world: World) {
    // One instance is told the group of the .proto: were the other in another one, both would get every call.
    let (first, _a) = instance(&world, |mount| mount).await;
    let (second, _b) = instance(&world, |mount| mount.queue_group("crew")).await;
    let client = client(&world).await;
    for outcome in join_all((0..CALLS).map(|_| client.who(Empty {}))).await {
        outcome.unwrap();
    }
    assert_eq!(first.get() + second.get(), CALLS);
}

async fn a_service_without_options_is_in_the_usual_group(world: World) {
    let served = Count::new();
    let service = |mount: fn(Mount) -> Mount| {
        let served = served.clone();
        world.serve(mount(Mount::new(probe(move |_| {
            served.add();
            async { Ok(answer("")) }
        }))))
    };
    let _a = service(|mount| mount).await;
    let _b = service(|mount| mount.queue_group("q")).await;
    let client = world.client().await;
    for outcome in join_all((0..CALLS).map(|_| client.ask(question("")))).await {
        outcome.unwrap();
    }
    assert_eq!(served.get(), CALLS);
}

async fn two_services_of_one_name_live_side_by_side(world: World) {
    let channel = Channel::new(world.connect().await);
    let mut servers = Vec::new();
    for place in ["blue", "green"] {
        let mount = Mount::new(probe(move |_| async move { Ok(answer(place)) })).subject(place).unwrap();
        servers.push(world.serve(mount).await);
    }
    for place in ["blue", "green"] {
        let client = ProbeClient::new(channel.clone().with_subject("e2e.v1.Probe", place).unwrap());
        let given: Answer = client.ask(question("")).await.unwrap().into_inner();
        assert_eq!(given.text, place);
    }
}

/// Somebody else who is in the group gets a share of the calls, and those do not reach the instance.
async fn is_in_group(group: &str, mount: impl FnOnce(Mount) -> Mount) {
    let world = World::nats();
    let (served, _server) = instance(&world, mount).await;
    let nats = Bystander::new(&world).await;
    let mut member = nats.client().queue_subscribe("another.place.Who", group.to_owned()).await.unwrap();
    // So that the subscription is there before the first call.
    nats.publish("x", "").await;
    tokio::spawn(async move {
        while let Some(message) = member.next().await {
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Service-Error-Code", "10");
            let reply = message.reply.unwrap();
            nats.client().publish_with_headers(reply, headers, "".into()).await.unwrap();
        }
    });
    let client = client(&world).await;
    let outcomes = join_all((0..CALLS).map(|_| client.who(Empty {}))).await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert!(outcomes.into_iter().filter_map(Result::err).all(|status| status.code() == Code::Aborted));
    assert!(taken > 0 && served.get() > 0, "{group}: {taken} and {}", served.get());
    assert_eq!(taken + served.get(), CALLS, "{group}: each call is handled once");
}

#[tokio::test]
async fn the_group_on_the_wire_is_that_of_the_proto() {
    is_in_group("crew", |mount| mount).await;
}

#[tokio::test]
async fn the_group_on_the_wire_is_that_of_the_mount() {
    is_in_group("blue", |mount| mount.queue_group("blue")).await;
}
