use std::num::NonZeroU128;

/// The id of a call, or none. In words of 8 bytes: those of 16 would have all around them padded.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CallId([u64; 2]);

impl CallId {
    /// One at random.
    pub(super) fn random() -> Self {
        Some(rand::random()).into()
    }

    pub(super) fn get(self) -> Option<NonZeroU128> {
        NonZeroU128::new(self.number())
    }

    /// 0: none.
    pub(super) fn number(self) -> u128 {
        let [high, low] = self.0.map(u128::from);
        high << 64 | low
    }
}

impl From<Option<NonZeroU128>> for CallId {
    fn from(id: Option<NonZeroU128>) -> Self {
        let number = id.map_or(0, NonZeroU128::get);
        Self([(number >> 64) as u64, number as u64])
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU128;

    use super::CallId;

    #[test]
    fn ids_are_kept_whole() {
        for id in [1, u64::MAX.into(), 1 << 64, u128::MAX].map(NonZeroU128::new) {
            assert_eq!(CallId::from(id).get(), id);
        }
        assert_eq!(CallId::default().get(), None);
        assert_ne!(CallId::random().get(), CallId::random().get());
        assert_eq!((align_of::<CallId>(), size_of::<CallId>()), (8, 16));
    }
}
