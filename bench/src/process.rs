//! What the operating system says of a server's processes: processor time and memory.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// A process and all that descend from it.
#[derive(Debug)]
pub(crate) struct Processes {
    root: u32,
}

/// How often a server is looked at that is to come to rest, how many times at most, and the processor time, in microseconds,
/// that a resting one takes in between.
const SETTLE_LOOK: Duration = Duration::from_millis(700);
const SETTLE_LOOKS_MAX: u32 = 200;
const SETTLED_US: f64 = 10_000.0;

/// In what `/proc/PID/stat` counts, on every Linux machine.
const TICKS_PER_SECOND: f64 = 100.0;

impl Processes {
    pub(crate) fn of(root: u32) -> Self {
        Self { root }
    }

    /// Microseconds of processor time, user and system together, of all threads that live now.
    ///
    /// From the scheduler's own account in nanoseconds: the usual one counts in ticks of 10 ms.
    pub(crate) fn cpu_us(&self) -> anyhow::Result<f64> {
        let mut nanoseconds = 0.0;
        for process in self.all()? {
            for thread in fs::read_dir(format!("/proc/{process}/task"))? {
                // A thread may end between the two looks.
                let Ok(account) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
                let first = account.split_whitespace().next().context("an empty schedstat")?;
                nanoseconds += first.parse::<f64>()?;
            }
        }
        Ok(nanoseconds / 1000.0)
    }

    /// Waits until there is nothing left to do: what is written behind is measured for itself, not with whatever happens to
    /// come next.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        let mut before = self.cpu_us()?;
        for _ in 0..SETTLE_LOOKS_MAX {
            std::thread::sleep(SETTLE_LOOK);
            let now = self.cpu_us()?;
            if now - before < SETTLED_US {
                return Ok(());
            }
            before = now;
        }
        anyhow::bail!("a server does not come to rest")
    }

    /// Seconds of processor time since the start, of all threads that there ever were.
    pub(crate) fn cpu_seconds_in_all(&self) -> anyhow::Result<f64> {
        let mut ticks = 0.0;
        for process in self.all()? {
            let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
            // The name, in parentheses, may have anything in it; user and system time are the 14th and 15th field.
            let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
            for field in fields.split_whitespace().skip(11).take(2) {
                ticks += field.parse::<f64>()?;
            }
        }
        Ok(ticks / TICKS_PER_SECOND)
    }

    /// The most memory that was in use since the start.
    pub(crate) fn memory_peak_bytes(&self) -> anyhow::Result<f64> {
        let mut kilobytes = 0.0;
        for process in self.all()? {
            let status = fs::read_to_string(format!("/proc/{process}/status"))?;
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.context("no VmHWM in status")?;
            kilobytes += peak.trim().trim_end_matches(" kB").parse::<f64>()?;
        }
        Ok(kilobytes * 1024.0)
    }

    /// Bytes of memory in use; what processes share is counted once.
    pub(crate) fn memory_bytes(&self) -> anyhow::Result<f64> {
        let mut kilobytes = 0.0;
        for process in self.all()? {
            let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
            let pss = rollup
                .lines()
                .find_map(|line| line.strip_prefix("Pss:"))
                .context("no Pss in smaps_rollup")?;
            kilobytes += pss.trim().trim_end_matches(" kB").parse::<f64>()?;
        }
        Ok(kilobytes * 1024.0)
    }

    /// Files and connections that are open.
    pub(crate) fn descriptors(&self) -> anyhow::Result<f64> {
        let mut open = 0.0;
        for process in self.all()? {
            for file in fs::read_dir(format!("/proc/{process}/fd"))? {
                file?;
                open += 1.0;
            }
        }
        Ok(open)
    }

    fn all(&self) -> anyhow::Result<Vec<u32>> {
        let mut found = vec![self.root];
        let mut at = 0;
        while let Some(process) = found.get(at).copied() {
            at += 1;
            for thread in fs::read_dir(format!("/proc/{process}/task")).context("the server has ended")? {
                let children = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
                found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            }
        }
        Ok(found)
    }
}
