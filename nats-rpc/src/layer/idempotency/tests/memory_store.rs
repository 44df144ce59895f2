//! The store within the process.

use std::time::Duration;

use crate::layer::idempotency::{MemoryStore, Store};

async fn keys(store: &MemoryStore) -> String {
    let mut there = String::new();
    for key in ["a", "b", "c", "d"] {
        if store.read(key).await.unwrap().is_some() {
            there.push_str(key);
        }
    }
    there
}

#[tokio::test]
async fn nothing_is_overwritten_that_was_not_seen() {
    let store = MemoryStore::new();
    let first = store.create("a", "1".into()).await.unwrap().unwrap();
    assert_eq!(store.create("a", "2".into()).await.unwrap(), None);
    let second = store.replace("a", "3".into(), first).await.unwrap().unwrap();
    assert_eq!(store.replace("a", "4".into(), first).await.unwrap(), None);
    assert!(!store.remove("a", first).await.unwrap());
    let stored = store.read("a").await.unwrap().unwrap();
    assert_eq!((&*stored.value, stored.revision), (&b"3"[..], second));
    assert!(store.remove("a", second).await.unwrap());
    assert_eq!(store.replace("a", "5".into(), second).await.unwrap(), None);
    assert!(store.create("a", "6".into()).await.unwrap().unwrap() > second);
}

#[tokio::test(start_paused = true)]
async fn a_value_is_forgotten_some_time_after_it_was_written_last() {
    let store = MemoryStore::new().with_ttl(Duration::from_secs(10));
    let first = store.create("a", "1".into()).await.unwrap().unwrap();
    store.create("b", "1".into()).await.unwrap();
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(store.replace("a", "2".into(), first).await.unwrap().is_some());
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(keys(&store).await, "a");
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(keys(&store).await, "");
    assert_eq!(format!("{store:?}"), "MemoryStore { entries: 0, bytes: 0, .. }");
}

#[tokio::test]
async fn the_oldest_make_room() {
    let store = MemoryStore::new().with_max_entries(3).with_max_bytes(100);
    let a = store.create("a", "1".into()).await.unwrap().unwrap();
    for key in ["b", "c"] {
        store.create(key, "1".into()).await.unwrap();
    }
    store.replace("a", "2".into(), a).await.unwrap();
    store.create("d", "1".into()).await.unwrap();
    assert_eq!(keys(&store).await, "acd");
    store.create("b", vec![0; 98].into()).await.unwrap();
    assert_eq!(keys(&store).await, "b");
    assert_eq!(store.max_value(), 100);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_end_of_its_time_is_kept() {
    let store = MemoryStore::new().with_ttl(Duration::MAX);
    store.create("a", "1".into()).await.unwrap().unwrap();
    tokio::time::advance(Duration::from_secs(1_000_000)).await;
    assert_eq!(keys(&store).await, "a");
}
