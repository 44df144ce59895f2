use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde::Serialize;

use super::super::login::Login;
use crate::status::{Origin, Status};

/// What CONNECT says of who connects.
#[derive(Default, Serialize)]
pub(super) struct Proof {
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nkey: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sig: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_token: Option<String>,
}

impl Proof {
    /// # Errors
    /// INVALID_ARGUMENT when credentials can't be read or are none.
    pub(super) async fn of(login: &Login, nonce: &str) -> Result<Self, Status> {
        match login {
            Login::Options => Ok(Self::default()),
            Login::CredentialsFile(path) => {
                let wrong = |why: String| {
                    Status::invalid_argument(format!("the credentials in {}: {why}", path.display()))
                };
                let text = tokio::fs::read_to_string(path).await.map_err(|error| wrong(error.to_string()))?;
                Self::signed(&text, nonce).ok_or_else(|| wrong("not what a .creds file holds".to_owned()))
            }
            // Without showing what could not be read.
            Login::Credentials(text) => Self::signed(text, nonce)
                .ok_or_else(|| Status::invalid_argument("the credentials are not what a .creds file holds")),
            Login::Nkey(seed) => {
                let pair = KeyPair::from_seed(seed).map_err(|_| {
                    Status::unauthenticated("the seed of the nkey is none").with_origin(Origin::Transport)
                })?;
                Ok(Self { nkey: Some(pair.public_key()), sig: sign(&pair, nonce), ..Self::default() })
            }
            Login::Token(token) => Ok(Self { auth_token: Some(token.clone()), ..Self::default() }),
            Login::User(user, password) => {
                Ok(Self { user: Some(user.clone()), pass: Some(password.clone()), ..Self::default() })
            }
        }
    }

    /// A JWT, and the nonce signed with the seed beside it.
    fn signed(credentials: &str, nonce: &str) -> Option<Self> {
        let mut blocks = blocks(credentials);
        let (jwt, seed) = (blocks.next()?, blocks.next()?);
        let pair = KeyPair::from_seed(seed).ok()?;
        Some(Self { jwt: Some(jwt.to_owned()), sig: Some(sign(&pair, nonce)?), ..Self::default() })
    }
}

fn sign(pair: &KeyPair, nonce: &str) -> Option<String> {
    let signature = pair.sign(nonce.as_bytes()).ok()?;
    Some(BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// What stands between lines of dashes: `-----BEGIN .. -----`, one line, `------END .. ------`.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().map(str::trim);
    std::iter::from_fn(move || {
        lines.find(|line| line.starts_with("---"))?;
        let block = lines.find(|line| !line.is_empty())?;
        lines.find(|line| line.starts_with("---"))?;
        Some(block)
    })
}

#[cfg(test)]
mod tests {
    use nkeys::KeyPair;

    use super::{Login, Proof, blocks};
    use crate::status::Code;

    #[test]
    fn a_file_of_credentials_is_read() {
        let text = "-----BEGIN NATS USER JWT-----\r\neyJ0.eyJq.sig-_\n------END NATS USER JWT------\n\n\
                    ************************* IMPORTANT *************************\nNKEY Seed\n\n\
                    -----BEGIN USER NKEY SEED-----\nSUAX\n------END USER NKEY SEED------\n\n***\n";
        assert_eq!(blocks(text).collect::<Vec<_>>(), ["eyJ0.eyJq.sig-_", "SUAX"]);
        assert_eq!(blocks("nothing").count(), 0);
    }

    #[tokio::test]
    async fn the_nonce_is_signed() {
        let pair = KeyPair::new_user();
        let login = Login::Nkey(pair.seed().unwrap());
        let proof = Proof::of(&login, "nonce").await.unwrap();
        assert_eq!(proof.nkey, Some(pair.public_key()));
        assert_eq!(proof.sig, super::sign(&pair, "nonce"));
        assert_ne!(proof.sig, super::sign(&pair, "another"));
        for (login, code) in [
            (Login::Nkey("SU".to_owned()), Code::Unauthenticated),
            (Login::Credentials("no".to_owned()), Code::InvalidArgument),
            (Login::CredentialsFile("/nowhere".into()), Code::InvalidArgument),
        ] {
            assert_eq!(Proof::of(&login, "nonce").await.err().unwrap().code(), code);
        }
    }
}
