use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::details::{BadRequest, ErrorInfo, RetryInfo};
use super::{Code, OrStatus, Origin, Status};

#[test]
fn it_is_one_pointer_wide() {
    assert_eq!(size_of::<Status>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Status>>(), size_of::<usize>());
}

#[test]
fn details_come_back_by_type() {
    let status = Status::unavailable("later")
        .with_detail(&ErrorInfo::new("BUSY", "example.com"))
        .with_detail(&RetryInfo::after(Duration::from_millis(1500)));
    assert_eq!(status.detail::<ErrorInfo>().unwrap().reason, "BUSY");
    let delay = status.detail::<RetryInfo>().unwrap().retry_delay.unwrap();
    assert_eq!((delay.seconds, delay.nanos), (1, 500_000_000));
    assert!(status.detail::<BadRequest>().is_none());
    assert_eq!(status.details()[0].type_url, "type.googleapis.com/google.rpc.ErrorInfo");
}

#[derive(Debug)]
struct Layered(Box<dyn Error + Send + Sync>);

impl fmt::Display for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a layer failed")
    }
}

impl Error for Layered {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[test]
fn a_status_survives_the_errors_of_layers() {
    let status = Status::not_found("no such user").with_origin(Origin::Remote);
    let direct = Status::from_error(Box::new(status.clone()));
    assert_eq!((direct.code(), direct.origin()), (Code::NotFound, Origin::Remote));
    let wrapped = Status::from_error(Box::new(Layered(Box::new(Layered(Box::new(status))))));
    assert_eq!((wrapped.code(), wrapped.message()), (Code::NotFound, "no such user"));
    let foreign = Status::from_error(Box::new(Layered("oops".into())));
    assert_eq!((foreign.code(), foreign.message()), (Code::Unknown, "a layer failed"));
}

#[tokio::test(start_paused = true)]
async fn errors_of_tower_become_codes() {
    let mut slow = tower::timeout::Timeout::new(
        tower::service_fn(|()| std::future::pending::<Result<(), Status>>()),
        Duration::from_secs(1),
    );
    let elapsed = tower_service::Service::call(&mut slow, ()).await.unwrap_err();
    assert_eq!(Status::from_error(elapsed).code(), Code::DeadlineExceeded);
    let overloaded = Box::new(tower::load_shed::error::Overloaded::new());
    assert_eq!(Status::from_error(overloaded).code(), Code::ResourceExhausted);
}

#[test]
fn foreign_errors_become_a_status_with_a_source() {
    let status = "x".parse::<u32>().or_status(Code::InvalidArgument, "not a number").unwrap_err();
    assert_eq!(status.to_string(), "INVALID_ARGUMENT: not a number");
    assert!(status.source().unwrap().to_string().contains("invalid digit"));
    assert_eq!(None::<()>.or_status(Code::NotFound, "gone").unwrap_err().code(), Code::NotFound);
}
