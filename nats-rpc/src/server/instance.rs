use std::sync::Arc;

use rand::RngExt;
use rand::distr::Alphanumeric;

/// 131 bits: as hard to guess, and as unlikely to come twice, as a UUID.
const LEN: usize = 22;

/// The id of one started server; clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Instance(Arc<str>);

impl Instance {
    pub(super) fn random() -> Self {
        let letters = rand::rng().sample_iter(Alphanumeric).take(LEN);
        Self(letters.map(char::from).collect::<String>().into())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Instance;
    use crate::wire::is_instance;

    #[test]
    fn it_can_be_part_of_a_subject_and_is_new_each_time() {
        let (one, other) = (Instance::random(), Instance::random());
        assert!(is_instance(one.as_str()) && one.as_str().len() == 22, "{one:?}");
        assert_ne!(one.as_str(), other.as_str());
    }
}
