//! What the system says about processes: memory and processor time of a node, and of this program.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The sum over the processes of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// Resident memory in KiB, now.
    pub resident_kib: u64,
    /// Peak resident memory in KiB. Of several processes each counts with its own peak, even when these were at different times.
    pub peak_kib: u64,
    /// Processor time so far, in milliseconds.
    pub cpu_ms: u64,
}

/// Everything that the shepherd with this id started; `None` on a system without `/proc`, or when nothing is left.
pub(super) fn of_node(shepherd: u32) -> Option<Usage> {
    let table = table(Path::new("/proc"));
    let mut sum = Usage::default();
    let mut seen = false;
    for pid in below(shepherd, &table) {
        // A process may end between the listing and this look.
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let Some(peak) = kib(&status, "VmHWM:") else {
            continue;
        };
        seen = true;
        sum.peak_kib += peak;
        sum.resident_kib += kib(&status, "VmRSS:").unwrap_or(0);
        sum.cpu_ms += table.get(&pid).map_or(0, |line| line.cpu_ms);
    }
    seen.then_some(sum)
}

/// Lets the peak of a node begin anew at what it holds now. `false` where the system does not do that.
pub(super) fn forget_peak(shepherd: u32) -> bool {
    let all = below(shepherd, &table(Path::new("/proc")));
    !all.is_empty()
        && all
            .iter()
            .all(|pid| fs::write(format!("/proc/{pid}/clear_refs"), FORGET_PEAK).is_ok())
}

/// Processor time of this program so far, in milliseconds.
pub(super) fn own_cpu_ms() -> Option<u64> {
    Some(stat(&fs::read_to_string("/proc/self/stat").ok()?)?.cpu_ms)
}

/// A line of `/proc/<pid>/stat`, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    pid: u32,
    parent: u32,
    group: u32,
    cpu_ms: u64,
}

fn table(proc: &Path) -> BTreeMap<u32, Line> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    let numbered = entries.filter(|entry| {
        entry
            .file_name()
            .to_string_lossy()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    });
    let lines = numbered.filter_map(|entry| stat(&fs::read_to_string(entry.path().join("stat")).ok()?));
    lines.map(|line| (line.pid, line)).collect()
}

/// The descendants of a process and the members of the groups they lead, without the process itself.
fn below(top: u32, table: &BTreeMap<u32, Line>) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    loop {
        let more: Vec<u32> = table
            .values()
            .filter(|line| line.parent == top || found.contains(&line.parent) || found.contains(&line.group))
            .map(|line| line.pid)
            .filter(|pid| *pid != top && !found.contains(pid))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The program's name stands in parentheses and may hold anything, parentheses too.
fn stat(text: &str) -> Option<Line> {
    let (pid, _) = text.split_once(" (")?;
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let id = |at: usize| u32::try_from(number(at)?).ok();
    Some(Line {
        pid: pid.trim().parse().ok()?,
        parent: id(1)?,
        group: id(2)?,
        cpu_ms: (number(11)? + number(12)?) * 1000 / TICKS_PER_SECOND,
    })
}

/// A line of `/proc/<pid>/status`; a process that has ended and waits to be collected has none about memory.
fn kib(status: &str, name: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// What Linux takes in `/proc/<pid>/clear_refs` for this alone.
const FORGET_PEAK: &str = "5";

/// Linux counts processor time for programs in hundredths, whatever its own clock does.
const TICKS_PER_SECOND: u64 = 100;

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::*;
    use crate::world::clock::Deadline;

    #[test]
    fn memory_is_read_from_a_status_file() {
        let status = "Name:\tstigmem-node\nVmPeak:\t  999999 kB\nVmHWM:\t   51234 kB\nVmRSS:\t   40000 kB\n";
        assert_eq!(
            (kib(status, "VmHWM:"), kib(status, "VmRSS:")),
            (Some(51_234), Some(40_000))
        );
        for without in [
            "",
            "Name:\tx\nState:\tZ (zombie)\n",
            "VmHWM:\t12 pages\n",
            "VmHWM:\n",
            "VmHWM:\t-1 kB\n",
        ] {
            assert_eq!(kib(without, "VmHWM:"), None, "{without:?}");
        }
    }

    #[test]
    fn a_stat_line_is_read_past_any_program_name() {
        let line = "42 (a) S 1 (b)) S 7 41 41 0 -1 4194304 900 0 0 0 250 50 0 0 20 0 3 0 100 1 1";
        assert_eq!(
            stat(line),
            Some(Line {
                pid: 42,
                parent: 7,
                group: 41,
                cpu_ms: 3000
            })
        );
        for broken in [
            "",
            "42",
            "42 (a",
            "42 (a) S",
            "x (a) S 7 41 41 0 -1 0 9 0 0 0 1 1",
            "42 (a) S 7 41 41 0 -1 0 9 0 0 0 x 1",
        ] {
            assert_eq!(stat(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_node_is_its_descendants_and_their_groups() {
        let line = |pid, parent, group| {
            (
                pid,
                Line {
                    pid,
                    parent,
                    group,
                    cpu_ms: 0,
                },
            )
        };
        // 10 is the shepherd, 11 the node, 12 its child, 13 a child whose parent has ended, 20 somebody else.
        let table = BTreeMap::from([
            line(1, 0, 1),
            line(10, 1, 10),
            line(11, 10, 11),
            line(12, 11, 11),
            line(13, 1, 11),
            line(20, 1, 20),
        ]);
        assert_eq!(below(10, &table), BTreeSet::from([11, 12, 13]));
        assert_eq!(below(99, &table), BTreeSet::new());
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_memory_of_a_process_below_us_is_found() {
        let mut child = Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let deadline = Deadline::after(Duration::from_secs(10));
        let found = loop {
            let found = of_node(std::process::id());
            if found.is_some_and(|usage| usage.peak_kib > 0) || !deadline.another_look(Duration::from_millis(5)).await {
                break found;
            }
        };
        let found = found.unwrap();
        assert!(found.peak_kib >= found.resident_kib && found.resident_kib > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(of_node(u32::MAX), None);
        assert!(!forget_peak(u32::MAX));
        assert!(own_cpu_ms().is_some());
    }
}
