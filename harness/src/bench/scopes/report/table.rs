//! The figures of whole scopes for people: the nodes, one table, then the ratios, then what to know about them.

use std::fmt::{self, Display, Formatter};

use super::{Compared, Held, Measure, ScopesReport};
use crate::bench::{
    Figure,
    report::{aligned, thousands, times, whole},
};

impl Display for ScopesReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.machine)?;
        writeln!(
            out,
            "stigmem-conformance {} ({}), {} rounds, seed {}, {}",
            self.kit, self.build, self.rounds, self.seed, self.started
        )?;
        for held in &self.nodes {
            filled(out, held)?;
        }
        let mut lines = vec![HEADINGS.map(str::to_owned)];
        lines.extend(self.rows.iter().filter_map(cells));
        if lines.len() > 1 {
            writeln!(out)?;
            aligned(out, &lines)?;
        }
        writeln!(out)?;
        for row in &self.rows {
            missing(out, row)?;
        }
        for comparison in &self.comparisons {
            ratios(out, comparison)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {note}")?;
        }
        writeln!(out, "\nagain: {}", self.command)
    }
}

const HEADINGS: [&str; 11] = [
    "work",
    "node",
    "facts",
    "seconds",
    "(lowest–highest)",
    "facts/s",
    "listed",
    "bytes",
    "MiB before",
    "peak MiB",
    "cores node/client",
];

fn filled(out: &mut Formatter<'_>, held: &Held) -> fmt::Result {
    let node = &held.node;
    write!(
        out,
        "{}: {} {}, {}, {} facts",
        node.label,
        node.name,
        node.version,
        node.how,
        thousands(node.facts)
    )?;
    match (held.filled_per_second, held.filling_peak_kib) {
        (Some(rate), Some(kib)) => {
            let (live, rate, mib) = (thousands(held.live), whole(rate), mib(kib_of(kib)));
            writeln!(
                out,
                " ({live} live) brought in at {rate} a second, {mib} MiB at its peak by then"
            )
        }
        (Some(rate), None) => {
            let (live, rate) = (thousands(held.live), whole(rate));
            writeln!(out, " ({live} live) brought in at {rate} a second")
        }
        (None, _) => writeln!(out, " could not be brought in"),
    }
}

/// Nothing for a row without figures.
fn cells(row: &Measure) -> Option<[String; 11]> {
    let (time, rate, bytes, listed) = (row.seconds?, row.facts_per_second?, row.bytes?, row.listed?);
    let memory = |figure: Option<Figure>, of: fn(Figure) -> f64| {
        figure.map_or_else(|| NOT_MEASURED.to_owned(), |figure| mib(of(figure)))
    };
    let cores =
        |figure: Option<Figure>| figure.map_or_else(|| "?".to_owned(), |figure| format!("{:.2}", figure.median));
    Some([
        row.work.title().to_owned(),
        row.node.clone(),
        thousands(row.facts),
        seconds(time.median),
        format!("({}–{})", seconds(time.min), seconds(time.max)),
        whole(rate.median),
        whole(listed.median),
        whole(bytes.median),
        memory(row.before_kib, |figure| figure.min),
        memory(row.peak_kib, |figure| figure.max),
        format!("{} / {}", cores(row.node_cores), cores(row.client_cores)),
    ])
}

fn missing(out: &mut Formatter<'_>, row: &Measure) -> fmt::Result {
    let (title, node, facts) = (row.work.title(), &row.node, thousands(row.facts));
    if let Some(status) = row.unknown {
        let path = row.work.path();
        writeln!(out, "{node} has no {title}: POST {path} was answered {status}")?;
    }
    if let Some(reason) = &row.refused {
        writeln!(out, "no figure for {title} on {node} with {facts} facts: {reason}")?;
    }
    Ok(())
}

fn ratios(out: &mut Formatter<'_>, comparison: &Compared) -> fmt::Result {
    let (title, what, [one, other]) = (comparison.work.title(), &comparison.what, comparison.seconds_of);
    let (ratio, one, other) = (times(comparison.seconds), seconds(one), seconds(other));
    write!(out, "{title} {what}: seconds × {ratio} ({one} / {other}")?;
    if let Some(range) = comparison.seconds_range {
        write!(out, "; by round × {}–{}", times(range.min), times(range.max))?;
    }
    write!(out, ")")?;
    if let Some(memory) = comparison.peak_memory {
        write!(out, ", peak memory × {}", times(memory))?;
    }
    writeln!(out)
}

fn seconds(value: f64) -> String {
    if value < 10.0 {
        format!("{value:.3}")
    } else {
        format!("{value:.1}")
    }
}

fn mib(kib: f64) -> String {
    format!("{:.1}", kib / 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "memory of a process fits")]
fn kib_of(kib: u64) -> f64 {
    kib as f64
}

const NOT_MEASURED: &str = "not measured";
