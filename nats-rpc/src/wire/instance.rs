//! Instance ids.

/// Whether this is an instance id: 1 to 64 of `[0-9A-Za-z_-]`.
///
/// A peer puts it into subjects, so nothing that means something in one may be in it.
#[must_use]
pub fn is_instance(text: &str) -> bool {
    (1..=super::MAX_INSTANCE).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
