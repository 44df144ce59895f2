//! The version a binary says it is.

use std::fmt;

/// The version of a nats-server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Breaking changes.
    pub major: u32,
    /// New features.
    pub minor: u32,
    /// Fixes.
    pub patch: u32,
}

impl Version {
    /// Reads the line that `nats-server --version` prints: `nats-server: v2.10.1`.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let text = line.trim().strip_prefix("nats-server:")?.trim().trim_start_matches('v');
        let release = text.split(['-', '+', ' ']).next()?;
        let mut parts = release.split('.').map(str::parse);
        let version =
            Self { major: parts.next()?.ok()?, minor: parts.next()?.ok()?, patch: parts.next()?.ok()? };
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn reads_the_line_of_the_server() {
        let version = |line| Version::parse(line).map(|v| v.to_string());
        assert_eq!(version("nats-server: v2.15.1\n").as_deref(), Some("2.15.1"));
        assert_eq!(version("nats-server: v2.12.0-RC.1").as_deref(), Some("2.12.0"));
        assert_eq!(version("nats-server: 2.9.10").as_deref(), Some("2.9.10"));
        assert_eq!(version("nats-server: v2.15"), None);
        assert_eq!(version("redis-server: v2.15.1"), None);
        assert_eq!(version(""), None);
    }

    #[test]
    fn orders_by_number() {
        assert!(Version::parse("nats-server: v2.10.0") > Version::parse("nats-server: v2.9.10"));
    }
}
