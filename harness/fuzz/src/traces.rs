//! Traces of strangers: read, judged, reported in every format. Lines that do not start with a run get one, so that a case alone is enough.

use std::fmt::Write as _;

use serde_json::Value;
use stigmem_conformance::{
    report::{self, Report, html, json, junit, markdown, terminal},
    trace::file::{self, Trace},
};

use crate::{EDITION, VIEW, is_plain};

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(trace) = read(text) else { return };
    let report = assembled(&trace);
    assert_eq!(assembled(&trace), report);
    rendered(&report);
}

/// A trace, or the cases of one.
pub fn read(text: &str) -> Option<Trace> {
    let text = if text.starts_with(r#"{"run""#) {
        text.to_owned()
    } else {
        whole(text)
    };
    let mut trace = file::read_from("trace.jsonl", text.as_bytes(), &EDITION.schemas).ok()?;
    // Only what is recorded is judged: a report of all cases takes its time.
    trace.run.selection = trace.cases.iter().take(3).map(|case| case.case.clone()).collect();
    trace.run.selection.push("-".to_owned());
    Some(trace)
}

pub fn assembled(trace: &Trace) -> Report {
    report::assemble(
        &trace.run,
        &trace.cases,
        &trace.end,
        &EDITION.vectors,
        &EDITION.registry,
        &EDITION.schemas,
    )
}

fn rendered(report: &Report) {
    let text = json::render(report).expect("it can be written");
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(EDITION.schemas.mismatch("report", &value), None);
    assert_eq!(
        &serde_json::from_value::<Report>(value).expect("it was written"),
        report
    );
    let page = html::render(report).expect("it can be written");
    assert_eq!(page.matches("<script").count(), 1);
    assert_eq!(page.matches("<pre").count(), page.matches("</pre").count());
    let plain = terminal::render(report, &VIEW);
    for text in [&page, &plain, &markdown::render(report)] {
        assert!(is_plain(text), "{text}");
    }
    junit::render(report).expect("it can be written");
}

/// These lines as the cases of a run.
fn whole(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().filter(|line| !line.is_empty()).collect();
    let mut text = String::from(RUN);
    for line in &lines {
        let _ = write!(text, "\n{line}");
    }
    let _ = write!(
        text,
        "\n{{\"end\":{{\"cases\":{},\"exchanges\":1,\"duration_ms\":1}}}}\n",
        lines.len()
    );
    text
}

const RUN: &str = r#"{"run":{"format":1,"kit":"0.1.0","seed":1,"started":"2026-01-02T03:04:05Z","profile":"core","target":{"name":"x","version":"1","how":"attached","repeat":"run"},"digests":{},"left_out":[]}}"#;
