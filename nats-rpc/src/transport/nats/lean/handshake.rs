use std::io;

use async_nats::ServerAddr;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::decoder::{Decoder, Operation};
use super::info::Info;
use super::proof::Proof;
use super::socket::{ReadHalf, WriteHalf, split};
use super::tls::Tls;
use crate::status::Status;
use crate::transport::nats::login::Login;

/// Who connects.
#[derive(Clone, Copy)]
pub(in super::super) struct Guest<'a> {
    pub(in super::super) login: &'a Login,
    pub(in super::super) name: Option<&'a str>,
    pub(in super::super) tls: &'a Tls,
}

/// A connection on which the server has let us in.
pub(in super::super) struct Session {
    pub(super) reader: ReadHalf,
    pub(super) writer: WriteHalf,
    /// May have read more than was needed so far.
    pub(super) decoder: Decoder,
    pub(in super::super) info: Info,
}

/// Why there is no connection.
pub(in super::super) enum Refused {
    Io(io::Error),
    /// What the server said.
    Said(String),
    /// What is to be shown to the server can't be.
    Unreadable(Status),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[derive(Serialize)]
struct Connect<'a> {
    verbose: bool,
    pedantic: bool,
    tls_required: bool,
    lang: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// 1: tell of changes in the cluster.
    protocol: u8,
    echo: bool,
    headers: bool,
    no_responders: bool,
    #[serde(flatten)]
    proof: Proof,
}

/// Dials a server and logs in.
pub(in super::super) async fn shake_hands(server: &ServerAddr, guest: Guest<'_>) -> Result<Session, Refused> {
    let mut socket = TcpStream::connect((server.host(), server.port())).await?;
    socket.set_nodelay(true)?;
    let mut decoder = Decoder::new();
    let greeting = if guest.tls.first { None } else { Some(greeting(&mut decoder, &mut socket).await?) };
    let within_tls = server.tls_required()
        || guest.tls.required
        || greeting.as_ref().is_none_or(|greeting| greeting.tls_required);
    if !within_tls {
        let info = greeting.unwrap_or_default();
        let info = log_in(&mut decoder, &mut socket, (info, false), guest).await?;
        let (reader, writer) = split(socket, None);
        return Ok(Session { reader, writer, decoder, info });
    }
    if greeting.as_ref().is_some_and(|greeting| !greeting.tls_required && !greeting.tls_available) {
        return Err(Refused::Said("TLS is wanted, and the server has none".to_owned()));
    }
    // Whatever came before TLS is not to be trusted, apart from the greeting.
    let mut decoder = Decoder::new();
    let name = ServerName::try_from(server.host().to_owned()).map_err(io::Error::other)?;
    let connector = guest.tls.connector().await.map_err(Refused::Unreadable)?;
    let mut socket = connector.connect(name, socket).await?;
    let info = match greeting {
        Some(info) => info,
        None => self::greeting(&mut decoder, &mut socket).await?,
    };
    let info = log_in(&mut decoder, &mut socket, (info, true), guest).await?;
    let (socket, session) = socket.into_inner();
    let (reader, writer) = split(socket, Some(session));
    Ok(Session { reader, writer, decoder, info })
}

/// What the server says of itself at first.
async fn greeting(decoder: &mut Decoder, socket: &mut (impl AsyncRead + Unpin)) -> Result<Info, Refused> {
    match next(decoder, socket).await {
        Ok(Operation::Info(info)) => Ok(Info::parse(&info)?),
        Ok(Operation::Error(text)) => Err(Refused::Said(text)),
        Err(error) if error.kind() != io::ErrorKind::InvalidData => Err(error.into()),
        _ => {
            let why = "it does not begin as a NATS server does: is something else listening there?";
            Err(io::Error::new(io::ErrorKind::InvalidData, why).into())
        }
    }
}

/// Returns what the server says of itself by then: it may say more to those whom it has let in.
async fn log_in(
    decoder: &mut Decoder,
    socket: &mut (impl AsyncRead + AsyncWrite + Unpin),
    (mut info, tls_required): (Info, bool),
    guest: Guest<'_>,
) -> Result<Info, Refused> {
    let proof = Proof::of(guest.login, &info.nonce).await.map_err(Refused::Unreadable)?;
    let connect = Connect {
        verbose: false,
        pedantic: false,
        tls_required,
        lang: "rust",
        version: env!("CARGO_PKG_VERSION"),
        name: guest.name,
        protocol: 1,
        echo: true,
        headers: true,
        no_responders: true,
        proof,
    };
    let connect = serde_json::to_string(&connect).map_err(io::Error::other)?;
    socket.write_all(format!("CONNECT {connect}\r\nPING\r\n").as_bytes()).await?;
    socket.flush().await?;
    loop {
        match next(decoder, socket).await? {
            Operation::Pong => return Ok(info),
            Operation::Error(text) => return Err(Refused::Said(text)),
            Operation::Info(text) => info = Info::parse(&text)?,
            _ => {}
        }
    }
}

async fn next(decoder: &mut Decoder, socket: &mut (impl AsyncRead + Unpin)) -> io::Result<Operation> {
    loop {
        if let Some(operation) = decoder.next()? {
            return Ok(operation);
        }
        if !std::future::poll_fn(|cx| decoder.poll_read(socket, cx)).await? {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server has closed the connection"));
        }
    }
}
