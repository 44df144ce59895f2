//! What a failed call says.

use std::fmt;

use e2e::{World, answer, on_both, question};
use nats_rpc::details::{BadRequest, ErrorInfo, RetryInfo};
use nats_rpc::{Code, Metadata, OrStatus, Origin, Status};

#[derive(Debug)]
enum ShopError {
    SoldOut(String),
}

impl fmt::Display for ShopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::SoldOut(what) = self;
        write!(f, "{what} is sold out")
    }
}

impl From<ShopError> for Status {
    fn from(error: ShopError) -> Self {
        Self::failed_precondition(error.to_string())
            .with_detail(&ErrorInfo::new("SOLD_OUT", "shop.example.com"))
    }
}

fn buy(what: &str) -> Result<(), ShopError> {
    Err(ShopError::SoldOut(what.to_owned()))
}

on_both! {
    every_code_comes_back,
    a_message_may_hold_any_text,
    details_come_back_typed,
    metadata_comes_with_an_error,
    errors_of_the_service_become_statuses,
    the_cause_stays_at_home,
    a_handler_that_passes_an_error_on_is_its_origin,
    nobody_there_is_told_by_the_way,
}

async fn every_code_comes_back(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let number = request.get_ref().big_number.try_into().unwrap();
            Err(Status::new(Code::from_number(number), format!("number {number}")))
        })
        .await;
    for number in 1..=16 {
        let asked = e2e::Question { big_number: number.into(), ..question("") };
        let status = client.ask(asked).await.unwrap_err();
        assert_eq!(status.code().number(), number);
        assert_eq!(status.message(), format!("number {number}"));
        assert_eq!(status.origin(), Origin::Remote);
        assert!(status.details().is_empty() && status.metadata().is_empty());
    }
}

async fn a_message_may_hold_any_text(world: World) {
    let (client, _server) =
        world.start(|request| async move { Err(Status::aborted(request.into_inner().text)) }).await;
    for text in ["", "\n", " spaced ", "100 %25 sure\r\n\tüber 日本語 🦀 \0", "a: b"] {
        assert_eq!(client.ask(question(text)).await.unwrap_err().message(), text);
    }
}

async fn details_come_back_typed(world: World) {
    let (client, _server) = world
        .start(|_| async {
            let mut info = ErrorInfo::new("TOO_LONG", "e2e.example.com");
            info.metadata.insert("limit".into(), "7".into());
            Err(Status::invalid_argument("bad")
                .with_detail(&BadRequest::violation("text", "is too long"))
                .with_detail(&info))
        })
        .await;
    let status = client.ask(question("")).await.unwrap_err();
    assert_eq!(status.to_string(), "INVALID_ARGUMENT: bad");
    assert_eq!(status.details().len(), 2);
    assert_eq!(status.detail::<BadRequest>(), Some(BadRequest::violation("text", "is too long")));
    let info = status.detail::<ErrorInfo>().unwrap();
    assert_eq!(
        (&*info.reason, &*info.domain, &*info.metadata["limit"]),
        ("TOO_LONG", "e2e.example.com", "7")
    );
    assert_eq!(status.detail::<RetryInfo>(), None);
}

async fn metadata_comes_with_an_error(world: World) {
    let (client, _server) = world
        .start(|_| async {
            let (mut head, mut trailers) = (Metadata::new(), Metadata::new());
            head.insert("x-where", "before")?;
            trailers.append("x-where", "after")?;
            trailers.append("x-where", "all")?;
            trailers.insert_bin("x-raw-bin", (0..=255).collect::<Vec<u8>>())?;
            Err(Status::not_found("").with_response_metadata(head).with_metadata(trailers))
        })
        .await;
    let status = client.ask(question("")).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(status.response_metadata().get_all("x-where").collect::<Vec<_>>(), ["before"]);
    assert_eq!(status.metadata().get_all("x-where").collect::<Vec<_>>(), ["after", "all"]);
    assert_eq!(status.metadata().get_bin("x-raw-bin"), Some(&(0..=255).collect::<Vec<u8>>()[..]));
}

async fn errors_of_the_service_become_statuses(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            buy(&request.get_ref().text)?;
            Ok(answer("bought"))
        })
        .await;
    let status = client.ask(question("tea")).await.unwrap_err();
    assert_eq!(status.to_string(), "FAILED_PRECONDITION: tea is sold out");
    assert_eq!(status.detail::<ErrorInfo>().unwrap().reason, "SOLD_OUT");
}

async fn the_cause_stays_at_home(world: World) {
    let (client, _server) = world
        .start(|request| async move {
            let number: i64 = request.get_ref().text.parse().or_status(Code::OutOfRange, "no number")?;
            Ok(answer(number.to_string()))
        })
        .await;
    assert_eq!(client.ask(question("7")).await.unwrap().into_inner().text, "7");
    let status = client.ask(question("seven")).await.unwrap_err();
    assert_eq!(status.to_string(), "OUT_OF_RANGE: no number");
    assert!(std::error::Error::source(&status).is_none());
}

async fn a_handler_that_passes_an_error_on_is_its_origin(world: World) {
    let (client, _server) = world.start(|_| async { Err(Status::unavailable("of the handler")) }).await;
    let status = client.ask(question("")).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Remote));
}

async fn nobody_there_is_told_by_the_way(world: World) {
    let status = world.client().await.ask(question("")).await.unwrap_err();
    assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport));
    assert!(status.message().contains("e2e.v1.Probe/Ask"), "{status}");
}
