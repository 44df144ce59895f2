//! What processes use, as the system tells.

use std::fs;
use std::ops::AddAssign;
use std::time::Duration;

use crate::Error;

/// Processor time of all threads so far, in user and system mode. The process' own clock tells nanoseconds;
/// `/proc/PID/stat` counts in steps of 10 ms.
#[cfg(target_os = "linux")]
pub(crate) fn processor_time(pid: u32) -> Result<Duration, Error> {
    use nix::time::{clock_getcpuclockid, clock_gettime};

    let clock = clock_getcpuclockid(nix::unistd::Pid::from_raw(pid.try_into()?))?;
    Ok(clock_gettime(clock)?.into())
}

/// Elsewhere the benchmark builds, so that the workspace does, but measures nothing.
#[cfg(not(target_os = "linux"))]
pub(crate) fn processor_time(_: u32) -> Result<Duration, Error> {
    Err("the benchmark needs Linux: only there it knows how to tell the processor time of other processes"
        .into())
}

/// Processor time of the whole machine so far, what its host took for others included.
pub(crate) fn machine_time() -> Result<Duration, Error> {
    /// Linux counts in hundredths, whatever its timer does.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string("/proc/stat")?;
    let ticks = stat.lines().next().unwrap_or_default().split_whitespace().skip(1).map(str::parse);
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are within the first two.
    let ticks = ticks.take(8).collect::<Result<Vec<u32>, _>>()?;
    let busy = ticks.iter().enumerate().filter(|(field, _)| !matches!(field, 3 | 4));
    Ok(busy.map(|(_, ticks)| TICK * *ticks).sum())
}

/// Resident memory, in KiB.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) now_kb: u64,
    pub(crate) peak_kb: u64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Result<Self, Error> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| -> Result<u64, Error> {
            let value = status.lines().find_map(|line| line.strip_prefix(name));
            let number = value.and_then(|value| value.split_whitespace().next());
            Ok(number.ok_or_else(|| format!("no {name} in /proc/PID/status"))?.parse()?)
        };
        Ok(Self { now_kb: field("VmRSS:")?, peak_kb: field("VmHWM:")? })
    }
}

/// Of several processes.
impl AddAssign for Memory {
    fn add_assign(&mut self, other: Self) {
        self.now_kb += other.now_kb;
        self.peak_kb += other.peak_kb;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Memory, machine_time, processor_time};

    #[test]
    fn time_advances_with_work() {
        let pid = std::process::id();
        let before = (processor_time(pid).unwrap(), machine_time().unwrap());
        let begin = Instant::now();
        while processor_time(pid).unwrap() == before.0 || machine_time().unwrap() == before.1 {
            assert!(begin.elapsed().as_secs() < 60, "a busy process uses no processor");
        }
    }

    #[test]
    fn memory_is_told() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!((100..=memory.peak_kb).contains(&memory.now_kb), "{memory:?}");
        assert!(memory.peak_kb < 100_000_000, "{memory:?}");
    }
}
