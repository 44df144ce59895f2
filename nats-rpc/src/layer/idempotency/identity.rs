use std::num::NonZeroU128;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::spec::Method;

/// What tells one call from all others, however often it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Method, caller and call id, in the letters that stores take.
    pub(super) key: String,
    /// A cryptographic hash of the request: nobody can make another request that has it.
    pub(super) digest: Bytes,
}

impl Identity {
    pub(super) fn new(method: &Method, caller: Option<&str>, id: NonZeroU128, request: &[u8]) -> Self {
        // A caller's name may hold anything.
        let caller = caller.map_or_else(|| "-".to_owned(), |name| hex(&sha256(name.as_bytes())[..16]));
        let key = format!("{}.{}.{caller}.{id:032x}", method.service(), method.name());
        Self { key, digest: sha256(request) }
    }
}

fn sha256(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU128;

    use super::Identity;
    use crate::spec::{Kind, Method};

    fn identity(method: &str, caller: Option<&str>, id: u128, request: &str) -> Identity {
        let method = Method::dynamic("a.v1.S", method, Kind::Unary);
        Identity::new(&method, caller, NonZeroU128::new(id).unwrap(), request.as_bytes())
    }

    #[test]
    fn each_part_counts() {
        let one = identity("Do", Some("ada"), 7, "x");
        assert_eq!(one, identity("Do", Some("ada"), 7, "x"));
        let others = [
            identity("Undo", Some("ada"), 7, "x"),
            identity("Do", Some("bob"), 7, "x"),
            identity("Do", None, 7, "x"),
            identity("Do", Some("-"), 7, "x"),
            identity("Do", Some("ada"), 8, "x"),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(one.key, other.key);
            assert!(others[..index].iter().all(|before| before.key != other.key));
        }
        let other = identity("Do", Some("ada"), 7, "y");
        assert_eq!(one.key, other.key);
        assert_ne!(one.digest, other.digest);
    }

    #[test]
    fn a_key_is_of_what_every_store_takes() {
        assert_eq!(
            identity("Do", Some("ada > *"), 255, "").key,
            "a.v1.S.Do.d79aab34d585c7fa1b099085104fad0c.000000000000000000000000000000ff"
        );
    }
}
