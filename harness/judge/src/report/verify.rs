//! Whether a report is what its trace says: it is a function of the trace and of the data, so it is made again and compared.

use super::{Report, assemble, curl::visible, json};
use crate::{
    data::Data,
    error::RunError,
    registry::Registry,
    schemas::Schemas,
    trace::{RunRecord, file::Trace},
    vectors::Vectors,
};

/// With what a trace is judged again.
#[derive(Debug, Clone, Copy)]
pub struct Edition<'a> {
    pub data: &'a Data,
    pub vectors: &'a Vectors,
    pub registry: &'a Registry,
    pub schemas: &'a Schemas,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// The report follows from the trace, byte for byte.
    Follows,
    /// It does not, and why.
    Broken(String),
    /// With this kit or this data nothing can be said, and with which it could.
    Untold(String),
}

/// `text` is the file that the report was read from.
pub fn verify(text: &str, report: &Report, trace: &Trace, edition: Edition<'_>) -> Result<Verified, RunError> {
    let broken = |what: &str| Ok(Verified::Broken(what.to_owned()));
    let Some(named) = &report.trace else {
        return broken("it does not name its trace, as reports of this kit do");
    };
    if *named != trace.digest {
        return broken("it was judged from another trace: the SHA-256 of this one is not the one in the report");
    }
    if let Some(difference) = other_edition(edition.data, &trace.run) {
        return Ok(Verified::Untold(difference));
    }
    let again = assemble(
        &trace.run,
        &trace.cases,
        &trace.end,
        edition.vectors,
        edition.registry,
        edition.schemas,
    );
    let again = json::render(&again.of_trace(trace.digest.clone()))?;
    if again == text {
        return Ok(Verified::Follows);
    }
    broken(&what_differs(text, &again))
}

/// Verdicts are a function of the trace and of these; with others nothing can be said.
fn other_edition(data: &Data, run: &RunRecord) -> Option<String> {
    let ours = env!("CARGO_PKG_VERSION");
    if run.kit != ours {
        let theirs = visible(&run.kit, 40);
        return Some(format!(
            "the trace was made with kit {theirs}, and this is {ours}: verify it with that version"
        ));
    }
    let differs = |(folder, digest): &(&String, &String)| data.digest(&format!("{folder}/")) != **digest;
    let (folder, _) = run.digests.iter().find(differs)?;
    Some(format!(
        "the trace was made with another edition of {}/: verify it with the kit that made it, or give its data with --data",
        visible(folder, 40)
    ))
}

fn what_differs(text: &str, again: &str) -> String {
    let line = text.lines().zip(again.lines()).position(|(one, other)| one != other);
    let line = line.unwrap_or_else(|| text.lines().count().min(again.lines().count()));
    let at = |text: &str| {
        let found = text.lines().nth(line).unwrap_or("the end of the file");
        visible(found.trim(), 120)
    };
    format!(
        "line {} is not what the trace says: expected `{}`, got `{}`",
        line + 1,
        at(again),
        at(text)
    )
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::LazyLock};

    use serde_json::json;

    use super::*;
    use crate::{
        schemas::tests::SCHEMAS,
        trace::{EndRecord, TargetRecord},
        vectors,
    };

    struct Whole {
        data: Data,
        vectors: Vectors,
        registry: Registry,
    }

    static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
        let file = json!({"area": "facts", "title": "One case", "cases": [
            {"id": "a", "covers": ["SEM-01"], "why": "people would act on it", "steps": [{"get": "/x"}]},
        ]});
        let data = Data::of([
            (
                "spec/x.md".to_owned(),
                "> **SEM-01** · MUST · node · core\n> Text.\n".to_owned(),
            ),
            ("vectors/facts/x.json".to_owned(), file.to_string()),
        ]);
        Whole {
            vectors: vectors::load(&data, &SCHEMAS).unwrap(),
            registry: Registry::load(&data).unwrap(),
            data,
        }
    });

    fn edition() -> Edition<'static> {
        Edition {
            data: &WHOLE.data,
            vectors: &WHOLE.vectors,
            registry: &WHOLE.registry,
            schemas: &SCHEMAS,
        }
    }

    fn trace() -> Trace {
        let digest = |folder: &str| (folder.to_owned(), WHOLE.data.digest(&format!("{folder}/")));
        Trace {
            run: RunRecord {
                format: 1,
                kit: env!("CARGO_PKG_VERSION").to_owned(),
                seed: 5,
                started: "2026-01-02T03:04:05Z".to_owned(),
                profile: "core".to_owned(),
                selection: Vec::new(),
                target: TargetRecord {
                    name: "node".to_owned(),
                    version: "1".to_owned(),
                    how: "launched".to_owned(),
                    features: Vec::new(),
                    repeat: "run".to_owned(),
                    expected: Vec::new(),
                },
                digests: BTreeMap::from([digest("spec"), digest("vectors")]),
                left_out: Vec::new(),
            },
            cases: Vec::new(),
            end: EndRecord {
                cases: 0,
                exchanges: 0,
                duration_ms: 1,
            },
            digest: "sha256:00".to_owned(),
        }
    }

    /// What this kit says to the trace.
    fn written() -> String {
        let trace = trace();
        let report = assemble(
            &trace.run,
            &trace.cases,
            &trace.end,
            &WHOLE.vectors,
            &WHOLE.registry,
            &SCHEMAS,
        );
        json::render(&report.of_trace(trace.digest)).unwrap()
    }

    fn verified(text: &str, trace: &Trace) -> Verified {
        let report = serde_json::from_str(text).unwrap();
        verify(text, &report, trace, edition()).unwrap()
    }

    #[test]
    fn a_report_follows_from_its_trace_byte_for_byte() {
        let text = written();
        assert_eq!(verified(&text, &trace()), Verified::Follows);
        let other = text.replacen("\"seed\": 5,", "\"seed\": 6,", 1);
        let Verified::Broken(what) = verified(&other, &trace()) else {
            panic!("another seed was made good");
        };
        assert!(
            what.ends_with(" is not what the trace says: expected `\"seed\": 5,`, got `\"seed\": 6,`"),
            "{what}"
        );
        let mut trace = trace();
        trace.end.exchanges = 7;
        assert!(matches!(verified(&text, &trace), Verified::Broken(_)));
    }

    #[test]
    fn a_report_names_its_trace() {
        let mut other = trace();
        other.digest = "sha256:01".to_owned();
        assert_eq!(
            verified(&written(), &other),
            Verified::Broken(
                "it was judged from another trace: the SHA-256 of this one is not the one in the report".to_owned()
            )
        );
        let unnamed = written().replacen("  \"trace\": \"sha256:00\",\n", "", 1);
        assert_eq!(
            verified(&unnamed, &trace()),
            Verified::Broken("it does not name its trace, as reports of this kit do".to_owned())
        );
    }

    #[test]
    fn nothing_can_be_said_with_another_kit_or_other_data() {
        let ours = env!("CARGO_PKG_VERSION");
        let mut other = trace();
        other.run.kit = "9.9.9\u{1b}".to_owned();
        assert_eq!(
            verified(&written(), &other),
            Verified::Untold(format!(
                "the trace was made with kit 9.9.9\\u{{1b}}, and this is {ours}: verify it with that version"
            ))
        );
        let mut other = trace();
        other.run.digests.insert("vectors".to_owned(), "sha256:00".to_owned());
        assert_eq!(
            verified(&written(), &other),
            Verified::Untold(
                "the trace was made with another edition of vectors/: verify it with the kit that made it, or give its data with --data"
                    .to_owned()
            )
        );
    }

    #[test]
    fn the_first_line_that_differs_is_named() {
        let said =
            |line, expected, got| format!("line {line} is not what the trace says: expected `{expected}`, got `{got}`");
        assert_eq!(what_differs("a\n  b\nc\n", "a\n  d\ne\n"), said(2, "d", "b"));
        assert_eq!(what_differs("a\n", "a\nb\n"), said(2, "b", "the end of the file"));
        assert_eq!(what_differs("a\nb\n", "a\n"), said(2, "the end of the file", "b"));
    }
}
