//! The processor time and memory that a process has used, as Linux counts them.

use std::path::Path;
use std::time::Duration;

use webhooks_cli::failure::Failure;

/// Processor time and memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Time on a processor, of all threads that live.
    pub cpu: Duration,
    /// Most memory that was resident at one time, in bytes.
    pub peak: u64,
}

impl Usage {
    /// The usage of a process since it started.
    ///
    /// # Errors
    /// [`Failure`] when it is gone, or this is not Linux.
    pub fn of(process: u32) -> Result<Self, Failure> {
        let folder = format!("/proc/{process}");
        let failure = |error| Failure::new(&folder, error);
        let mut cpu = Duration::ZERO;
        for thread in std::fs::read_dir(format!("{folder}/task")).map_err(failure)? {
            cpu += on_processor(&thread.map_err(failure)?.path());
        }
        let status = std::fs::read_to_string(format!("{folder}/status")).map_err(failure)?;
        Ok(Self {
            cpu,
            peak: high_water_mark(&status).unwrap_or_default(),
        })
    }
}

/// A thread's time, which the kernel counts in nanoseconds; one that has just ended has none.
fn on_processor(thread: &Path) -> Duration {
    let counted = std::fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    let nanoseconds = counted.split_whitespace().next().unwrap_or_default();
    Duration::from_nanos(nanoseconds.parse().unwrap_or_default())
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_work_and_memory() {
        let before = Usage::of(std::process::id()).expect("we are running");
        let filled = vec![1_u8; 8 << 20];
        let sum: u64 = (0..20)
            .flat_map(|_| &filled)
            .map(|byte| u64::from(*byte))
            .sum();
        let after = Usage::of(std::process::id()).expect("we are running");
        assert_eq!(sum, 20 << 23);
        assert!(after.cpu > before.cpu);
        assert!(after.peak >= 8 << 20);
    }

    #[test]
    fn reads_the_high_water_mark() {
        let status = "VmPeak:\t  9 kB\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(high_water_mark(status), Some(2 << 20));
        assert_eq!(high_water_mark(""), None);
    }
}
