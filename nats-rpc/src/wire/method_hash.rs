//! The hash by which an OPEN names its method.

/// FNV-1a, 32 bits, of a method's path, which is `/package.Service/Method`.
#[must_use]
pub const fn method_hash(path: &str) -> u32 {
    let bytes = path.as_bytes();
    let mut hash = 0x811c_9dc5_u32;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}
