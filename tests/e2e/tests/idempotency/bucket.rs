use std::time::Duration;

use bytes::Bytes;
use e2e::{LONG, World, within};
use nats_rpc::layer::idempotency::{KvStore, Store};
use nats_rpc::{Code, Connection};
use tokio::time::{Instant, sleep};

use super::lossy::Losses;
use super::service::{Service, attempt};

/// What a store is asked to do.
async fn is_a_store(store: &KvStore) {
    let first = store.create("a.b-1", "1".into()).await.unwrap().unwrap();
    assert_eq!(store.create("a.b-1", "2".into()).await.unwrap(), None);
    let second = store.replace("a.b-1", "3".into(), first).await.unwrap().unwrap();
    assert_eq!(store.replace("a.b-1", "4".into(), first).await.unwrap(), None);
    assert!(!store.remove("a.b-1", first).await.unwrap());
    let stored = store.read("a.b-1").await.unwrap().unwrap();
    assert_eq!((stored.value, stored.revision), (Bytes::from("3"), second));
    assert!(store.remove("a.b-1", second).await.unwrap());
    assert_eq!(store.read("a.b-1").await.unwrap(), None);
    assert_eq!(store.replace("a.b-1", "5".into(), second).await.unwrap(), None);
    let third = store.create("a.b-1", "6".into()).await.unwrap().unwrap();
    assert!(third > second);
    assert_eq!(store.create("a.b-1", "7".into()).await.unwrap(), None);
    assert_eq!(store.read("never").await.unwrap(), None);
    assert_eq!(store.replace("never", "8".into(), third).await.unwrap(), None);
}

#[tokio::test]
async fn it_compares_and_swaps() {
    let world = World::jetstream();
    is_a_store(&KvStore::new(world.connect().await, "calls")).await;
}

#[tokio::test]
async fn what_is_old_is_forgotten() {
    let world = World::jetstream();
    let store = KvStore::new(world.connect().await, "calls").with_ttl(Duration::from_millis(500));
    store.create("a", "1".into()).await.unwrap().unwrap();
    let begin = Instant::now();
    while store.create("a", "2".into()).await.unwrap().is_none() {
        assert!(begin.elapsed() < LONG, "it is never forgotten");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(store.read("a").await.unwrap().unwrap().value, "2");
}

#[tokio::test]
async fn a_bucket_that_is_there_is_taken_as_it_is() {
    let world = World::jetstream();
    let one = KvStore::new(world.connect().await, "calls").with_ttl(Duration::from_secs(60));
    let revision = one.create("a", "1".into()).await.unwrap();
    let other = KvStore::new(world.connect().await, "calls").with_ttl(Duration::from_secs(5));
    other.open().await.unwrap();
    assert_eq!(other.read("a").await.unwrap().map(|stored| stored.revision), revision);
}

#[tokio::test]
async fn a_bucket_that_was_deleted_is_made_again() {
    let world = World::jetstream();
    let connection = world.connect().await;
    let store = KvStore::new(connection.clone(), "calls");
    store.create("a", "1".into()).await.unwrap();
    let jetstream = async_nats::jetstream::new(connection.nats_client().await.unwrap());
    jetstream.delete_key_value("calls").await.unwrap();
    let status = store.create("a", "2".into()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown, "{status}");
    is_a_store(&store).await;
}

#[tokio::test]
async fn what_no_message_can_hold_is_not_taken() {
    let world = World::of(nats_server::Server::builder().jetstream(true).config("max_payload: 65536"));
    let store = KvStore::new(world.connect().await, "calls");
    let most = store.max_value();
    assert_eq!(most, 65536 - 8192);
    let revision = store.create("a", vec![7; most].into()).await.unwrap().unwrap();
    assert!(store.replace("a", vec![8; most].into(), revision).await.unwrap().is_some());
    assert_eq!(store.read("a").await.unwrap().unwrap().value, vec![8; most]);
}

const USERS: &str = r#"
authorization { users = [
    { user: admin, password: x }
    { user: maker, password: x, permissions: {
        publish: ["$KV.calls.>", "$JS.API.STREAM.INFO.KV_calls", "$JS.API.DIRECT.GET.KV_calls.>",
            "$JS.API.INFO", "$JS.API.STREAM.CREATE.KV_calls"]
        subscribe: ["_INBOX.maker.>"] } }
    { user: user, password: x, permissions: {
        publish: ["$KV.calls.>", "$JS.API.STREAM.INFO.KV_calls", "$JS.API.DIRECT.GET.KV_calls.>"]
        subscribe: ["_INBOX.user.>"] } }
] }"#;

#[tokio::test]
async fn few_permissions_are_enough() {
    let world = World::of(nats_server::Server::builder().jetstream(true).config(USERS));
    let connect = async |user: &str| {
        let builder = Connection::builder().server(world.url()).user_and_password(user, "x");
        builder.inbox_prefix(format!("_INBOX.{user}")).connect().await.unwrap()
    };
    let user = KvStore::new(connect("user").await, "calls").with_timeout(Duration::from_millis(300));
    let status = user.open().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    KvStore::new(connect("maker").await, "calls").open().await.unwrap();
    is_a_store(&KvStore::new(connect("user").await, "calls")).await;
    let log = world.server().log().unwrap();
    let refused: Vec<_> = log.lines().filter(|line| line.contains("Violation")).collect();
    // What is refused of the one who may not create the bucket; connecting is refused a message to the own inbox.
    assert!(
        refused.iter().all(|line| line.contains("$JS.API.INFO") || line.contains("_INBOX")),
        "{refused:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_jetstream_nothing_runs() {
    let world = World::nats();
    let status = KvStore::new(world.connect().await, "calls").open().await.unwrap_err();
    assert_eq!(status.code(), Code::Unknown, "{status}");
    assert!(status.message().starts_with("JetStream: "), "{status}");
    let memory = World::memory();
    let status = KvStore::new(memory.connect().await, "calls").open().await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");

    let service = Service::new(Losses::of(|_| false));
    let _instances = service.three(&world).await;
    let status = within("the call", attempt(&world.channel().await, (7, 0), "pay", None)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.is_not_processed());
    assert_eq!(service.runs.get(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_client_of_the_connection_is_there_for_users() {
    let world = World::jetstream();
    let client = world.connect().await.nats_client().await.unwrap();
    let jetstream = async_nats::jetstream::new(client);
    assert_eq!(jetstream.query_account().await.unwrap().streams, 0);
    assert_eq!(
        World::memory().connect().await.nats_client().await.unwrap_err().code(),
        Code::FailedPrecondition
    );
}
