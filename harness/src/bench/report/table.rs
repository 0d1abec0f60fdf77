//! The figures for people: one table, then the ratios, then what to know about them.

use std::fmt::{self, Display, Formatter};

use super::{BenchReport, Comparison, Figure, Row};

impl Display for BenchReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.head(out)?;
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(
            self.rows
                .iter()
                .filter(|row| row.refused.is_none())
                .map(|row| cells(row, self.several_sizes())),
        );
        aligned(out, &lines)?;
        for row in &self.rows {
            if let Some(reason) = &row.refused {
                let (workload, node, facts) = (row.workload.title(), &row.node, thousands(row.facts));
                writeln!(out, "no figure for {workload} on {node} with {facts} facts: {reason}")?;
            }
        }
        if !self.comparisons.is_empty() {
            writeln!(out)?;
        }
        for comparison in &self.comparisons {
            ratios(out, comparison)?;
        }
        if !self.notes.is_empty() {
            writeln!(out)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        writeln!(out, "\nagain: {}", self.command)
    }
}

impl BenchReport {
    fn head(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let warm_up = f64::from(u32::try_from(self.warm_up_ms).unwrap_or(u32::MAX)) / 1000.0;
        writeln!(out, "{}", self.machine)?;
        writeln!(
            out,
            "stigmem-conformance {} ({}), {} clients, {} s a workload after {warm_up} s of warm-up, {} rounds, seed {}, {}",
            self.kit, self.build, self.clients, self.seconds, self.rounds, self.seed, self.started
        )?;
        for node in &self.nodes {
            let (label, name, version, facts) = (&node.label, &node.name, &node.version, thousands(node.facts));
            writeln!(
                out,
                "{label}: {name} {version}, {}, {facts} facts before it is measured",
                node.how
            )?;
        }
        writeln!(out)
    }

    fn several_sizes(&self) -> bool {
        self.nodes.iter().any(|node| node.facts != self.nodes[0].facts)
    }
}

const HEADINGS: [&str; 9] = [
    "workload",
    "node",
    "answers/s",
    "(lowest–highest)",
    "p50 ms",
    "p99 ms (range)",
    "errors",
    "peak MiB",
    "cores node/clients",
];

fn cells(row: &Row, several_sizes: bool) -> [String; 9] {
    let node = if several_sizes {
        format!("{} {}", row.node, thousands(row.facts))
    } else {
        row.node.clone()
    };
    let rate = |value: f64| {
        if value < 100.0 {
            format!("{value:.1}")
        } else {
            whole(value)
        }
    };
    let range = |figure: Figure, show: &dyn Fn(f64) -> String| format!("({}–{})", show(figure.min), show(figure.max));
    let errors: u64 = row.errors.values().sum();
    let peak = row
        .peak_kib
        .map_or_else(|| "not available".to_owned(), |kib| whole(kib.median / 1024.0));
    let cores =
        |figure: Option<Figure>| figure.map_or_else(|| "?".to_owned(), |figure| format!("{:.2}", figure.median));
    [
        row.workload.title().to_owned(),
        node,
        row.per_second.map_or_else(String::new, |figure| rate(figure.median)),
        row.per_second.map_or_else(String::new, |figure| range(figure, &rate)),
        row.p50_ms.map_or_else(String::new, |figure| ms(figure.median)),
        row.p99_ms.map_or_else(String::new, |figure| {
            format!("{} {}", ms(figure.median), range(figure, &ms))
        }),
        format!("{} of {}", thousands(errors), thousands(row.requests)),
        peak,
        format!("{} / {}", cores(row.node_cores), cores(row.client_cores)),
    ]
}

fn ratios(out: &mut Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    let ([one, other], [p99_one, p99_other]) = (comparison.per_second_of, comparison.p99_ms_of);
    write!(
        out,
        "{} {}: answers/s × {} ({} / {}",
        comparison.workload.title(),
        comparison.what,
        times(comparison.per_second),
        whole(one),
        whole(other)
    )?;
    if let Some(range) = comparison.per_second_range {
        write!(out, "; by round × {}–{}", times(range.min), times(range.max))?;
    }
    write!(out, ")")?;
    if let Some(p99) = comparison.p99 {
        write!(out, ", p99 × {} ({} / {} ms)", times(p99), ms(p99_one), ms(p99_other))?;
    }
    if let Some(memory) = comparison.peak_memory {
        write!(out, ", peak memory × {}", times(memory))?;
    }
    writeln!(out)
}

/// Columns under one another; the first two to the left, the others to the right.
pub(in crate::bench) fn aligned<const N: usize>(out: &mut Formatter<'_>, lines: &[[String; N]]) -> fmt::Result {
    for line in lines {
        for (at, cell) in line.iter().enumerate() {
            let width = lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
            let gap = if at == 0 { "" } else { "  " };
            match at {
                0 | 1 => write!(out, "{gap}{cell:<width$}")?,
                _ => write!(out, "{gap}{cell:>width$}")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

fn ms(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    }
}

pub(in crate::bench) fn times(ratio: f64) -> String {
    if ratio < 0.1 {
        format!("{ratio:.4}")
    } else if ratio < 100.0 {
        format!("{ratio:.2}")
    } else {
        whole(ratio)
    }
}

pub(in crate::bench) fn whole(value: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a figure for people"
    )]
    thousands(value.round().max(0.0) as u64)
}

/// `1,234,567`
pub(in crate::bench) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
