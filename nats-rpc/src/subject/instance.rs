use super::Subject;

/// Where somebody who knows an instance reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// Frames of calls that the instance has accepted.
    Calls,
    /// Questions about them.
    Audit,
}

/// The subject of an instance of the service below `prefix`.
pub(crate) fn of_instance(prefix: &str, instance: &str, port: Port) -> Subject {
    let port = match port {
        Port::Calls => "s",
        Port::Audit => "h",
    };
    Subject::from(format!("{prefix}._i.{instance}.{port}"))
}

/// Where an instance takes calls of a method.
pub(crate) fn method_of_instance(prefix: &str, instance: &str, method: &str) -> Subject {
    Subject::from(format!("{prefix}._i.{instance}.m.{method}"))
}

/// Which method an instance's subject takes calls of.
pub(crate) fn method_at_instance(subject: &Subject) -> Option<&str> {
    subject.as_str().rsplit_once("._i.")?.1.split_once('.')?.1.strip_prefix("m.")
}

/// Where all instances of a service take calls of a method.
pub(crate) fn method_of_all(prefix: &str, method: &str) -> Subject {
    Subject::from(format!("{prefix}._all.{method}"))
}

/// What all instances of a service subscribe to.
pub(crate) fn all_methods_of_all(prefix: &str) -> Subject {
    Subject::from(format!("{prefix}._all.*"))
}

/// Which method a subject of all instances takes calls of.
pub(crate) fn method_at_all(subject: &Subject) -> Option<&str> {
    subject.as_str().rsplit_once("._all.").map(|(_, method)| method)
}

/// What an instance subscribes to.
pub(crate) fn all_of_instance(prefix: &str, instance: &str) -> Subject {
    Subject::from(format!("{prefix}._i.{instance}.>"))
}

/// Which port of an instance a subject names.
pub(crate) fn port_of(subject: &Subject) -> Option<Port> {
    match subject.as_str().rsplit_once("._i.")?.1.split_once('.')?.1 {
        "s" => Some(Port::Calls),
        "h" => Some(Port::Audit),
        _ => None,
    }
}

/// Where a service says whether anybody serves a method.
pub(crate) fn up(prefix: &str) -> Subject {
    Subject::from(format!("{prefix}._up"))
}

/// Where the instances of a service announce that they leave.
pub(crate) fn group(prefix: &str) -> Subject {
    Subject::from(format!("{prefix}._group"))
}

/// The prefix of the service that a method's subject belongs to, wherever it takes calls.
pub(crate) fn prefix_of(method: &Subject) -> &str {
    let text = method.as_str();
    // No token of a prefix starts with an underscore.
    let own = text.find("._i.").or_else(|| text.find("._all.")).or_else(|| text.rfind('.'));
    own.map_or("", |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{
        Port, Subject, method_at_all, method_at_instance, method_of_all, method_of_instance, of_instance,
        port_of, prefix_of,
    };

    #[test]
    fn ports_are_told_apart() {
        for port in [Port::Calls, Port::Audit] {
            assert_eq!(port_of(&of_instance("svc.a.B", "x-1", port)), Some(port));
        }
        for other in ["svc.a.B._i.x.m.Ask", "svc.a.B._i.x", "svc.a.B.s", "svc.a.B._up"] {
            assert_eq!(port_of(&Subject::from_static(other)), None, "{other}");
        }
    }

    #[test]
    fn methods_at_instances_are_found() {
        let (one, all) = (method_of_instance("svc.a.B", "x-1", "Ask"), method_of_all("svc.a.B", "Ask"));
        assert_eq!((method_at_instance(&one), method_at_all(&one)), (Some("Ask"), None));
        assert_eq!((method_at_instance(&all), method_at_all(&all)), (None, Some("Ask")));
        assert_eq!(method_at_instance(&of_instance("svc.a.B", "x-1", Port::Calls)), None);
    }

    #[test]
    fn a_method_tells_its_service() {
        assert_eq!(prefix_of(&Subject::from_static("svc.a.B.Ask")), "svc.a.B");
        assert_eq!(prefix_of(&Subject::from_static("x")), "");
        assert_eq!(prefix_of(&method_of_instance("svc.a.B", "x-1", "Ask")), "svc.a.B");
        assert_eq!(prefix_of(&method_of_all("svc.a.B", "Ask")), "svc.a.B");
    }
}
