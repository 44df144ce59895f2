/// The hash by which an opening frame names its method: FNV-1a, 32 bits, of `/service/method`.
#[must_use]
pub const fn method_hash(service: &str, name: &str) -> u32 {
    let hash = feed(FNV_START, b"/");
    let hash = feed(hash, service.as_bytes());
    let hash = feed(hash, b"/");
    feed(hash, name.as_bytes())
}

/// Where a hash begins.
pub(super) const FNV_START: u32 = 0x811c_9dc5;

/// Goes on with a hash.
pub(super) const fn feed(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash
}
