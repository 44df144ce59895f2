use std::error::Error;
use std::fmt::Display;
use std::io;

use async_nats::rustls::{self, AlertDescription};
use async_nats::{ConnectError, ConnectErrorKind, ServerAddr};

use super::lean::Refused;
use super::pool::shown;
use crate::status::{Origin, Status};

/// Why there is no connection to `server`.
pub(super) fn of_server(server: &ServerAddr, error: &ConnectError) -> Status {
    use ConnectErrorKind::{Authentication, AuthorizationViolation};
    let text = format!("can't connect to {}: {error}", shown(server));
    let status = match error.kind() {
        AuthorizationViolation => Status::unauthenticated(text),
        Authentication => {
            Status::unauthenticated(format!("{text}: is the seed of the nkey or credentials right?"))
        }
        _ if wants_certificate(error) => Status::unauthenticated(format!(
            "{text}: the server wants a client certificate, and was given none or one that it does not trust"
        )),
        _ => Status::unavailable(text),
    };
    status.with_origin(Origin::Transport)
}

/// Why there is no lean connection to `server`.
pub(super) fn of_refused(server: &ServerAddr, refused: Refused) -> Status {
    let failed = |why: &dyn Display| format!("can't connect to {}: {why}", shown(server));
    let status = match refused {
        Refused::Unreadable(status) => return status,
        Refused::Said(text) if text.to_ascii_lowercase().contains("authorization") => {
            Status::unauthenticated(failed(&text))
        }
        Refused::Said(text) => Status::unavailable(failed(&text)),
        Refused::Io(error) if is_of_certificate(Some(&error)) => Status::unauthenticated(format!(
            "{}: the server wants a client certificate, and was given none or one that it does not trust",
            failed(&error)
        )),
        Refused::Io(error) => Status::unavailable(failed(&error)),
    };
    status.with_origin(Origin::Transport)
}

/// Whether the server has ended the handshake because of the client's certificate.
fn wants_certificate(error: &ConnectError) -> bool {
    is_of_certificate(error.source().and_then(|source| source.downcast_ref::<io::Error>()))
}

fn is_of_certificate(io: Option<&io::Error>) -> bool {
    let tls = io.and_then(io::Error::get_ref).and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(
        tls,
        Some(rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
        ))
    )
}

/// Why none of the servers would do: every reason, under the code of the first that is more than an outage.
pub(super) fn of_all(failures: &[Status]) -> Status {
    let telling = failures.iter().find(|status| status.code() != crate::status::Code::Unavailable);
    let Some(first) = telling.or(failures.first()) else {
        return Status::transport("no server to connect to");
    };
    let reasons: Vec<_> = failures.iter().map(Status::message).collect();
    Status::new(first.code(), reasons.join("; ")).with_origin(first.origin())
}

#[cfg(test)]
mod tests {
    use std::io;

    use async_nats::rustls::{self, AlertDescription};

    use super::{of_all, of_server};
    use crate::status::{Code, Origin, Status};

    #[test]
    fn a_refused_certificate_is_told_from_an_outage() {
        let server = "tls://ada:secret@nats-1".parse().unwrap();
        for (inner, code) in [
            (rustls::Error::AlertReceived(AlertDescription::CertificateRequired), Code::Unauthenticated),
            (rustls::Error::AlertReceived(AlertDescription::BadCertificate), Code::Unauthenticated),
            (rustls::Error::AlertReceived(AlertDescription::InternalError), Code::Unavailable),
            (rustls::Error::HandshakeNotComplete, Code::Unavailable),
        ] {
            let status = of_server(&server, &io::Error::new(io::ErrorKind::InvalidData, inner).into());
            assert_eq!((status.code(), status.origin()), (code, Origin::Transport), "{status}");
            assert!(status.message().contains("tls://nats-1:4222"), "{status}");
            assert!(!status.message().contains("secret"), "{status}");
        }
    }

    #[test]
    fn the_most_telling_reason_gives_the_code() {
        let status = of_all(&[Status::transport("a is down"), Status::unauthenticated("b refuses")]);
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "a is down; b refuses"));
        assert_eq!(of_all(&[]).code(), Code::Unavailable);
    }
}
