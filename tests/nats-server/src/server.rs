//! Runs a nats-server for as long as a value lives.

use crate::{
    locate::locate,
    process::Process,
    signal::{Signal, signal},
};
use std::{
    fmt,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a server may take to start or to stop. Generous: the machine may be busy with other tests.
const LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// Why no server runs, with the end of its log.
#[derive(Clone)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The same text: a test that unwraps should be readable too.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// What to run. Made by [`Server::builder`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    binary: Option<PathBuf>,
    config: Option<String>,
    jetstream: bool,
    monitoring: bool,
    name: Option<String>,
    port: Option<u16>,
    cluster: Option<String>,
    routes: Vec<String>,
}

impl Builder {
    /// Another binary than the one [`locate`] finds.
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.binary = Some(path.into());
        self
    }

    /// The text of a configuration file. The client address and port, and what else is set here, win over it.
    pub fn config(mut self, text: impl Into<String>) -> Self {
        self.config = Some(text.into());
        self
    }

    /// Turns `JetStream` on, with its files in the server's own directory.
    pub fn jetstream(mut self, on: bool) -> Self {
        self.jetstream = on;
        self
    }

    /// Lets the server tell about itself: see [`Server::monitor`].
    pub fn monitoring(mut self, on: bool) -> Self {
        self.monitoring = on;
        self
    }

    /// The server's name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A fixed client port; without it the system chooses a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Makes the server a node of the cluster of that name.
    pub fn cluster(mut self, name: impl Into<String>) -> Self {
        self.cluster = Some(name.into());
        self
    }

    /// Joins the cluster of `node`, which must be one with [`Builder::cluster`].
    pub fn route(mut self, node: &Server) -> Self {
        self.routes.extend(node.cluster_url());
        self
    }

    /// Joins the cluster of the node that this URL leads to, such as a proxy before its [`Server::cluster_url`].
    pub fn route_to(mut self, url: impl Into<String>) -> Self {
        self.routes.push(url.into());
        self
    }

    /// Starts the server and waits until it serves clients.
    ///
    /// # Errors
    ///
    /// When there is no binary, or the server does not serve within 30 seconds; with the end of its log.
    pub fn start(self) -> Result<Server, StartError> {
        let binary = match &self.binary {
            Some(path) => path.clone(),
            None => locate().map_err(|error| StartError(error.to_string()))?.path().to_owned(),
        };
        let dir = tempfile::Builder::new().prefix("nats-server-").tempdir()?;
        if let Some(text) = &self.config {
            fs::write(dir.path().join("nats.conf"), text)?;
        }
        let mut server = Server { binary, options: self, process: None, ports: Ports::default(), dir };
        server.run()?;
        Ok(server)
    }
}

/// A running nats-server on the loopback address. Dropping it kills it and removes its directory.
///
/// Should the test process end without dropping it, even by a kill, the server ends with it.
#[derive(Debug)]
pub struct Server {
    // Before the directory: the server must be gone when that is removed.
    process: Option<Process>,
    binary: PathBuf,
    options: Builder,
    ports: Ports,
    dir: tempfile::TempDir,
}

/// The ports that the system chose; kept for a restart.
#[derive(Debug, Default)]
struct Ports {
    client: u16,
    cluster: Option<u16>,
    monitoring: Option<u16>,
}

impl Server {
    /// Starts a plain server on a free port.
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn start() -> Result<Self, StartError> {
        Self::builder().start()
    }

    /// Says what to run first.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What a client connects to, like `nats://127.0.0.1:4222`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// The client port. It stays the same over [`Server::restart`].
    #[must_use]
    pub fn port(&self) -> u16 {
        self.ports.client
    }

    /// The process id, while the server runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// What another node's route points to, if this is a node of a cluster.
    #[must_use]
    pub fn cluster_url(&self) -> Option<String> {
        self.ports.cluster.map(|port| format!("nats://127.0.0.1:{port}"))
    }

    /// The directory of this server's files: its log, configuration and `JetStream` store.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// All that the server has logged.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn log(&self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.log_path())?).into_owned())
    }

    /// The `INFO` line that the server greets a new connection with, without its first word: JSON, whose
    /// `connect_urls` name the nodes of a cluster.
    ///
    /// # Errors
    ///
    /// When the server does not accept, or says something else.
    pub fn info(&self) -> io::Result<String> {
        let stream = TcpStream::connect_timeout(&self.address(), LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        match line.strip_prefix("INFO ") {
            Some(info) => Ok(info.trim().to_owned()),
            None => Err(io::Error::new(io::ErrorKind::InvalidData, format!("not an INFO line: {line:?}"))),
        }
    }

    /// What the server tells about itself at this path, such as `/varz`: JSON.
    ///
    /// # Errors
    ///
    /// When it is none with [`Builder::monitoring`], or knows nothing of the path.
    pub fn monitor(&self, path: &str) -> io::Result<String> {
        let port = self.ports.monitoring.ok_or_else(|| io::Error::other("the server is not monitored"))?;
        let mut stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.contains(" 200 ") => Ok(body.to_owned()),
            _ => Err(io::Error::other(format!("no answer to {path}: {answer:?}"))),
        }
    }

    /// Kills the server at once (SIGKILL). Does nothing when it does not run.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn kill(&mut self) -> io::Result<()> {
        self.process.take().map_or(Ok(()), |process| process.kill().map(drop))
    }

    /// Ends the server in good order (SIGTERM) and waits for that. Does nothing when it does not run.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn stop(&mut self) -> io::Result<()> {
        self.process.take().map_or(Ok(()), |process| process.stop(LIMIT).map(drop))
    }

    /// Stops the server if it runs, and starts it again on the same ports with the same files.
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn restart(&mut self) -> Result<(), StartError> {
        self.stop()?;
        self.run()
    }

    /// Makes the server stand still (SIGSTOP): connections stay, nothing is answered.
    ///
    /// # Errors
    ///
    /// When the server does not run.
    pub fn pause(&self) -> io::Result<()> {
        self.process.as_ref().ok_or_else(not_running)?.pause()
    }

    /// Lets the server go on after [`Server::pause`] (SIGCONT).
    ///
    /// # Errors
    ///
    /// When the server does not run.
    pub fn resume(&self) -> io::Result<()> {
        self.process.as_ref().ok_or_else(not_running)?.resume()
    }

    /// Sends any signal to the server.
    ///
    /// # Errors
    ///
    /// When the server does not run.
    pub fn signal(&self, kind: Signal) -> io::Result<()> {
        signal(self.pid().ok_or_else(not_running)?, kind)
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.client).into()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("nats.log")
    }

    /// Starts the process and waits until it serves.
    fn run(&mut self) -> Result<(), StartError> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let logged = fs::metadata(self.log_path()).map_or(0, |data| data.len());
            let Err(error) = self.spawn().and_then(|()| self.wait(deadline)) else { return Ok(()) };
            self.process = None;
            let log = self.log().unwrap_or_default();
            let log = log.get(usize::try_from(logged).unwrap_or(0)..).unwrap_or_default();
            // A port we once had may be somebody's for a moment: a connection on its way out has one too.
            let again = self.ports.client != 0 && log.contains("address already in use");
            if again && Instant::now() < deadline {
                thread::sleep(POLL);
                continue;
            }
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(20)..].join("\n  ");
            let binary = self.binary.display();
            return Err(StartError(format!(
                "{binary} did not start: {error}\nThe end of its log:\n  {tail}"
            )));
        }
    }

    fn spawn(&mut self) -> io::Result<()> {
        let dir = self.dir.path();
        let ports = dir.join("ports");
        // A killed server leaves its file behind.
        match fs::remove_dir_all(&ports) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&ports)?,
        }
        let log = File::options().create(true).append(true).open(self.log_path())?;

        let options = &self.options;
        let mut command = Command::new(&self.binary);
        let port = match (self.ports.client, options.port) {
            (0, None) => "-1".to_owned(),
            (0, Some(port)) | (port, _) => port.to_string(),
        };
        command.args(["-a", "127.0.0.1", "-p", &port, "--ports_file_dir"]).arg(&ports);
        if options.config.is_some() {
            command.arg("-c").arg(dir.join("nats.conf"));
        }
        if options.jetstream {
            command.arg("-js").arg("-sd").arg(dir.join("jetstream"));
        }
        if options.monitoring {
            command.args(["-m", &self.ports.monitoring.map_or("-1".to_owned(), |port| port.to_string())]);
        }
        if let Some(name) = &options.name {
            command.args(["--name", name]);
        }
        if let Some(name) = &options.cluster {
            let port = self.ports.cluster.map_or("-1".to_owned(), |port| port.to_string());
            command.args(["--cluster_name", name, "--cluster", &format!("nats://127.0.0.1:{port}")]);
        }
        if !options.routes.is_empty() {
            command.args(["--routes", &options.routes.join(",")]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.process = Some(Process::spawn_with(&mut command, Some(dir))?);
        Ok(())
    }

    /// Ready means: the ports are told, and a connection is greeted.
    fn wait(&mut self, deadline: Instant) -> io::Result<()> {
        let greets = !self.options.config.as_ref().is_some_and(|text| text.contains("handshake_first"));
        let mut missing = "no file with its ports".to_owned();
        loop {
            if let Some(status) = self.process.as_mut().map(Process::ended).transpose()?.flatten() {
                return Err(io::Error::other(format!("it ended with {status}")));
            }
            if let Some(ports) = self.read_ports() {
                self.ports = ports;
                let ready = match greets {
                    true => self.info().map(drop),
                    false => TcpStream::connect_timeout(&self.address(), LIMIT).map(drop),
                };
                match ready {
                    Ok(()) => return Ok(()),
                    Err(error) => missing = error.to_string(),
                }
            }
            if Instant::now() > deadline {
                return Err(io::Error::new(io::ErrorKind::TimedOut, format!("not ready in time: {missing}")));
            }
            thread::sleep(POLL);
        }
    }

    /// Nothing until the file is there and whole.
    fn read_ports(&self) -> Option<Ports> {
        let end = format!("_{}.ports", self.pid()?);
        let mut files = fs::read_dir(self.dir.path().join("ports")).ok()?.flatten();
        let file = files.find(|file| file.file_name().to_string_lossy().ends_with(&end))?;
        parse_ports(&fs::read_to_string(file.path()).ok()?)
    }
}

fn not_running() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the server does not run")
}

/// The file looks like `{"nats": ["nats://127.0.0.1:41239"], "cluster": ["nats://127.0.0.1:34567"]}`;
/// with TLS the scheme differs.
fn parse_ports(text: &str) -> Option<Ports> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let port = |key: &str| value[key][0].as_str()?.rsplit(':').next()?.parse().ok();
    Some(Ports { client: port("nats")?, cluster: port("cluster"), monitoring: port("monitoring") })
}

#[cfg(test)]
mod tests {
    use super::parse_ports;

    #[test]
    fn reads_a_file_of_ports() {
        let ports =
            parse_ports(r#"{"nats":["nats://127.0.0.1:41239"],"cluster":["nats://127.0.0.1:7"]}"#).unwrap();
        assert_eq!((ports.client, ports.cluster), (41239, Some(7)));
        let ports = parse_ports(r#"{"nats":["tls://127.0.0.1:41239"]}"#).unwrap();
        assert_eq!((ports.client, ports.cluster), (41239, None));
        assert!(parse_ports(r#"{"nats":["nats://127.0.0"#).is_none());
        assert!(parse_ports("").is_none());
        assert!(parse_ports("{}").is_none());
    }
}
