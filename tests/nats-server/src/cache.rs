//! A directory that keeps what was fetched between runs.

use std::{
    env,
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A directory of this user for things that take long to get, outside the source tree.
#[derive(Debug)]
pub struct Cache {
    name: String,
    dir: PathBuf,
}

impl Cache {
    /// The cache of that name: below `NATS_RPC_CACHE`, else `nats-rpc` in the user's cache directory, else in cargo's
    /// target directory.
    ///
    /// # Errors
    ///
    /// When no place can be written, with all that were tried.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::open(name, &|variable| env::var_os(variable))
    }

    /// The first place that the environment names and that can be written.
    pub(crate) fn open(name: &str, env: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let roots = match path("NATS_RPC_CACHE") {
            Some(root) => vec![root],
            None => [
                path("XDG_CACHE_HOME").map(|dir| dir.join("nats-rpc")),
                path("HOME").map(|dir| dir.join(".cache/nats-rpc")),
                path("CARGO_TARGET_DIR").map(|dir| dir.join("nats-rpc-cache")),
                Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nats-rpc-cache")),
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        let mut failures = Vec::new();
        for root in roots {
            match Self::at(name, &root) {
                Ok(cache) => return Ok(cache),
                Err(error) => failures.push(format!("{}: {error}", root.display())),
            }
        }
        Err(format!("no cache directory can be written: {}", failures.join("; ")))
    }

    fn at(name: &str, root: &Path) -> io::Result<Self> {
        // One directory per platform: a home directory may be shared by several.
        let platform = format!("{}-{}", env::consts::OS, env::consts::ARCH);
        let cache = Self { name: name.to_owned(), dir: root.join(name).join(platform) };
        fs::create_dir_all(&cache.dir)?;
        cache.lock_file()?;
        // The helpers run in other directories.
        Ok(Self { dir: cache.dir.canonicalize()?, ..cache })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The nats-server, if there is one.
    pub(crate) fn binary(&self) -> PathBuf {
        self.dir.join("nats-server")
    }

    /// Keeps other processes from changing the cache until the file is dropped.
    ///
    /// # Errors
    ///
    /// When the file system does not lock.
    pub fn lock(&self) -> io::Result<File> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!("{}: waiting for another process that fetches it", self.name);
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(file)
    }

    /// A fresh directory on the same file system, for [`Cache::keep`].
    pub(crate) fn workspace(&self) -> io::Result<tempfile::TempDir> {
        tempfile::Builder::new().prefix("tmp-").tempdir_in(&self.dir)
    }

    /// Moves a binary into the cache in one step: others see the old, the new, or none.
    pub(crate) fn keep(&self, binary: &Path) -> io::Result<PathBuf> {
        let kept = self.binary();
        fs::rename(binary, &kept)?;
        Ok(kept)
    }

    fn lock_file(&self) -> io::Result<File> {
        File::options().create(true).truncate(false).write(true).open(self.dir.join("lock"))
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;
    use std::{ffi::OsString, fs, path::Path};

    fn open(env: &[(&str, &Path)]) -> Result<Cache, String> {
        Cache::open("nats-server", &|name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value.as_os_str()))
        })
    }

    #[test]
    fn the_first_place_named_wins() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().canonicalize().unwrap().join(name);
        let (own, xdg, home) = (at("own"), at("xdg"), at("home"));
        let all = [("NATS_RPC_CACHE", &*own), ("XDG_CACHE_HOME", &*xdg), ("HOME", &*home)];
        assert!(open(&all).unwrap().binary().starts_with(own.join("nats-server")));
        assert!(open(&all[1..]).unwrap().binary().starts_with(xdg.join("nats-rpc")));
        assert!(open(&all[2..]).unwrap().binary().starts_with(home.join(".cache/nats-rpc")));
    }

    #[test]
    fn an_unusable_place_gives_way_to_the_next_unless_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let home = dir.path().canonicalize().unwrap().join("home");
        assert!(open(&[("XDG_CACHE_HOME", &file), ("HOME", &home)]).unwrap().binary().starts_with(&home));
        let error = open(&[("NATS_RPC_CACHE", &file), ("HOME", &home)]).unwrap_err();
        assert!(error.starts_with("no cache directory can be written: "), "{error}");
    }

    #[test]
    fn keep_replaces_in_one_step() {
        let dir = tempfile::tempdir().unwrap();
        let cache = open(&[("NATS_RPC_CACHE", dir.path())]).unwrap();
        let _lock = cache.lock().unwrap();
        for text in ["one", "two"] {
            let work = cache.workspace().unwrap();
            let made = work.path().join("made");
            fs::write(&made, text).unwrap();
            assert_eq!(fs::read_to_string(cache.keep(&made).unwrap()).unwrap(), text);
        }
    }
}
