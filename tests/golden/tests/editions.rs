//! What features say shows in the bytes.

use golden::editions::editions::v1::{Book, Place};
use golden::editions_proto2::editions::old::Record;
use golden::editions_proto2::editions::old::record::{Level, Part};
use nats_rpc::codegen::prost::Message;

#[test]
fn presence_and_packing() {
    let book = Book {
        title: Some(String::new()),
        pages: 0,
        chapters: vec![1, 2],
        marks: vec![1, 2],
        place: Some(Place { row: 0, column: Some(0) }),
        ..Book::default()
    };
    let bytes = [
        &[0x0a, 0][..],      // title, though empty
        &[0x22, 2, 1, 2],    // chapters, packed
        &[0x28, 1, 0x28, 2], // marks, not packed
        &[0x3a, 2, 0x10, 0], // place, with a column
    ];
    assert_eq!(book.encode_to_vec(), bytes.concat());
    assert_eq!(Book::decode(bytes.concat().as_slice()), Ok(book));
}

#[test]
fn groups_defaults_and_required_fields() {
    let part = Part { name: Some("a".to_owned()) };
    let record =
        Record { part: Some(part.clone()), more: vec![part], packed: vec![1, 2], ..Record::default() };
    assert_eq!((record.copies(), record.level()), (3, Level::Low));
    let bytes = [
        &[0x0a, 0][..],               // id, which is always there
        &[0x1b, 0x0a, 1, b'a', 0x1c], // part, between marks
        &[0x23, 0x0a, 1, b'a', 0x24], // more, between marks
        &[0x32, 2, 1, 2],             // packed
    ];
    assert_eq!(record.encode_to_vec(), bytes.concat());
    assert_eq!(Record::decode(bytes.concat().as_slice()), Ok(record));
}
