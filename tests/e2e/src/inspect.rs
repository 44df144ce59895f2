//! What a process uses, as far as the system tells: for tests that nothing is left behind.

use std::fs;

/// The memory that a process has at the moment, in bytes. Nothing where the system does not tell.
///
/// An allocator keeps what was freed, so compare many rounds with few, and leave room.
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    status(pid, "VmRSS:").map(|kilobytes| kilobytes * 1024)
}

/// How many threads a process has.
#[must_use]
pub fn threads(pid: u32) -> Option<u64> {
    status(pid, "Threads:")
}

/// How many files and sockets a process has open.
#[must_use]
pub fn open_files(pid: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

fn status(pid: u32, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn sees_its_own_memory_grow() {
        let own = std::process::id();
        let before = resident_bytes(own).unwrap();
        let block = vec![1_u8; 64 << 20];
        let after = resident_bytes(own).unwrap();
        assert!(after > before + (32 << 20), "{before} {after} {}", block.len());
        assert!(threads(own).unwrap() >= 1 && open_files(own).unwrap() >= 1);
        assert_eq!(resident_bytes(u32::MAX), None);
    }
}
