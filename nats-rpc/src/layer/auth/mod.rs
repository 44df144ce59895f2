//! Who makes a call: tokens that clients send, and what services make of them.

mod authenticate;
mod credentials;
mod layer;
mod refreshed;
mod token;
mod token_layer;

pub use self::authenticate::Authenticate;
pub use self::credentials::Credentials;
pub use self::layer::AuthLayer;
pub use self::refreshed::RefreshedToken;
pub use self::token::Token;
pub use self::token_layer::{TokenLayer, TokenSource};

/// Where a token travels among metadata, as in HTTP and in gRPC.
const AUTHORIZATION: &str = "authorization";
/// The scheme of tokens ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)).
const BEARER: &str = "Bearer";

#[cfg(test)]
mod tests;
