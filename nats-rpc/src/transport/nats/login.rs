use std::fmt;
use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

use crate::status::Status;

/// Who connects, and what proves it.
#[derive(Clone, Default)]
pub(super) enum Login {
    /// Nobody in particular, or whom the options of `async-nats` name.
    #[default]
    Options,
    CredentialsFile(PathBuf),
    Credentials(String),
    Nkey(String),
    Token(String),
    User(String, String),
}

impl Login {
    /// What stands in the URL wins: `nats://user:password@host`, or `nats://token@host`.
    pub(super) fn towards(&self, server: &ServerAddr) -> Result<Self, Status> {
        Ok(match (server.username(), server.password()) {
            (Some(user), Some(password)) => Self::User(decode(user)?, decode(password)?),
            (Some(token), None) => Self::Token(decode(token)?),
            _ => self.clone(),
        })
    }

    /// Files are read each time, so that a renewed one is used for the next connection.
    pub(super) async fn apply(self, options: ConnectOptions) -> Result<ConnectOptions, Status> {
        Ok(match self {
            Self::Options => options,
            Self::CredentialsFile(path) => options.credentials_file(&path).await.map_err(|error| {
                Status::invalid_argument(format!("the credentials in {}: {error}", path.display()))
            })?,
            // The error may show what it could not read.
            Self::Credentials(text) => options
                .credentials(&text)
                .map_err(|_| Status::invalid_argument("the credentials are not what a .creds file holds"))?,
            Self::Nkey(seed) => options.nkey(seed),
            Self::Token(token) => options.token(token),
            Self::User(user, password) => options.user_and_password(user, password),
        })
    }
}

fn decode(text: &str) -> Result<String, Status> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Status::invalid_argument("the user or password in the URL is not UTF-8")),
    }
}

/// Without secrets.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Options => "Options",
            Self::CredentialsFile(_) => "CredentialsFile",
            Self::Credentials(_) => "Credentials",
            Self::Nkey(_) => "Nkey",
            Self::Token(_) => "Token",
            Self::User(..) => "User",
        })
    }
}
