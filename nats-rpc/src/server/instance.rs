use std::iter;
use std::sync::Arc;

use rand::RngExt;

/// As long as the ids of NATS' own clients.
const LEN: usize = 22;

/// A new id for an instance: random, so that no two are alike.
pub(super) fn new_id() -> Arc<str> {
    let mut random = rand::rng();
    let letter = iter::repeat_with(|| char::from(random.sample(rand::distr::Alphanumeric)));
    letter.take(LEN).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::new_id;

    #[test]
    fn ids_are_legal_and_differ() {
        let (a, b) = (new_id(), new_id());
        assert!(crate::wire::is_instance(&a) && crate::wire::is_instance(&b));
        assert_ne!(a, b);
    }
}
