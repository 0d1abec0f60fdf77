//! Where figures were made; without it they mean nothing.

use std::{
    fmt::{self, Display, Formatter},
    fs,
    thread::available_parallelism,
};

use serde::Serialize;

use super::report::thousands;
use crate::report::curl::visible;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Model of the processor, where the system says so.
    pub processor: Option<String>,
    pub cores: usize,
    pub memory_kib: Option<u64>,
    pub system: String,
}

impl Machine {
    pub(super) fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let release = read("/proc/sys/kernel/osrelease");
        let system = [std::env::consts::OS, release.trim(), std::env::consts::ARCH];
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name").map(|name| visible(&name, 100)),
            cores: available_parallelism().map_or(1, usize::from),
            memory_kib: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|text| text.strip_suffix(" kB")?.trim().parse().ok()),
            system: system
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}

impl Display for Machine {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let memory = self.memory_kib.map_or_else(
            || "memory unknown".to_owned(),
            |kib| format!("{} MiB", thousands(kib / 1024)),
        );
        let processor = self.processor.as_deref().unwrap_or("processor unknown");
        write!(out, "{processor}, {} cores, {memory}, {}", self.cores, self.system)
    }
}

/// The first `name : value` of a file of such lines.
fn field(text: &str, name: &str) -> Option<String> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2: fast\nMemTotal:       24689000 kB\n";
        assert_eq!(field(text, "model name").as_deref(), Some("Some CPU @ 2: fast"));
        assert_eq!(field(text, "MemTotal").as_deref(), Some("24689000 kB"));
        assert_eq!(field(text, "model"), None);
        assert!(Machine::look().cores > 0);
    }
}
