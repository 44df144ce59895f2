use super::Subject;
use crate::spec::Method;
use crate::status::Status;

/// Longest subject, in bytes: a server takes 4 KiB for a whole control line, subject and reply subject together.
const MAX_LEN: usize = 512;

/// Where a service listens unless its `.proto` says otherwise: `svc.greeter.v1.Greeter`.
pub(crate) fn default_prefix(service: &str) -> String {
    format!("svc.{service}")
}

/// The subject of a method below a prefix.
///
/// # Errors
/// INTERNAL when the subject is too long for NATS, INVALID_ARGUMENT when a name that is known only at run time can't be
/// part of one: it would say something else to the NATS server.
pub(crate) fn of_method(prefix: &str, method: &Method) -> Result<Subject, Status> {
    let subject = format!("{prefix}.{}", method.name());
    check_prefix(&subject)?;
    if method.name().contains('.') {
        return Err(Status::invalid_argument(format!(
            "{method} can't be called: a method's name has no dots"
        )));
    }
    if subject.len() > MAX_LEN {
        return Err(Status::internal(format!(
            "the subject of {method} has {} bytes, and {MAX_LEN} are the limit",
            subject.len()
        )));
    }
    Ok(Subject::from(subject))
}

/// Checks what a user gives as a prefix.
///
/// # Errors
/// INVALID_ARGUMENT, which names the token at fault.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), Status> {
    for token in prefix.split('.') {
        let reason = match token {
            "" => "it has an empty token",
            _ if token.starts_with('$') => "tokens that start with '$' belong to NATS",
            _ if token.starts_with('_') => "tokens that start with '_' belong to nats-rpc",
            _ if token.bytes().any(|byte| !byte.is_ascii_graphic()) => {
                "a token is printable ASCII without spaces"
            }
            _ if token.contains(['*', '>']) => "wildcards are not allowed",
            _ => continue,
        };
        return Err(Status::invalid_argument(format!("{prefix:?} can't be a subject: {reason}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_prefix, default_prefix, of_method};
    use crate::spec::{Kind, Method};
    use crate::status::Code;

    #[test]
    fn methods_hang_below_the_prefix() {
        let method = Method::dynamic("greeter.v1.Greeter", "SayHello", Kind::Unary);
        let prefix = default_prefix(method.service());
        assert_eq!(of_method(&prefix, &method).unwrap().as_str(), "svc.greeter.v1.Greeter.SayHello");
        let long = "x".repeat(600);
        assert_eq!(of_method(&long, &method).unwrap_err().code(), Code::Internal);
    }

    #[test]
    fn illegal_prefixes_are_refused_with_the_reason() {
        for good in ["svc.quest.v1", "a", "a-b.c_d"] {
            check_prefix(good).unwrap();
        }
        for (bad, reason) in [
            ("", "empty token"),
            ("a..b", "empty token"),
            ("a.", "empty token"),
            ("a b", "printable ASCII"),
            ("a.*", "wildcards"),
            ("a.b>", "wildcards"),
            ("$SYS.a", "belong to NATS"),
            ("a._i", "belong to nats-rpc"),
            ("ä", "printable ASCII"),
        ] {
            let status = check_prefix(bad).unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument);
            assert!(status.message().contains(reason), "{bad:?}: {status}");
        }
    }
}
