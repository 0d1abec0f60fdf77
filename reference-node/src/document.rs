//! Documents that may be larger than memory, written piece by piece: an object with one long list, and short members after it.

use serde::Serialize;

use crate::domain::instant;
use crate::domain::lint::{Finding, LintRun};
use crate::domain::synthesis::{Entry, SynthesisRequest, Tally};
use crate::http::render::{EntryBody, FindingBody};

/// A long list under construction; what is written goes to a text that the caller sends on.
#[derive(Debug, Default)]
pub(crate) struct LongList {
    has_items: bool,
}

impl LongList {
    pub(crate) fn begin(name: &str) -> Vec<u8> {
        format!("{{\"{name}\":[").into_bytes()
    }

    fn add(&mut self, text: &mut Vec<u8>, item: &impl Serialize) -> serde_json::Result<()> {
        if std::mem::replace(&mut self.has_items, true) {
            text.push(b',');
        }
        serde_json::to_writer(text, item)
    }

    pub(crate) fn add_findings(&mut self, text: &mut Vec<u8>, findings: &[Finding]) -> serde_json::Result<()> {
        findings
            .iter()
            .try_for_each(|finding| self.add(text, &FindingBody::of(finding)))
    }

    pub(crate) fn add_entries(&mut self, text: &mut Vec<u8>, entries: &[Entry]) -> serde_json::Result<()> {
        entries
            .iter()
            .try_for_each(|entry| self.add(text, &EntryBody::of(entry)))
    }

    /// Ends the list, and the object with these members.
    pub(crate) fn end(text: &mut Vec<u8>, members: &impl Serialize) -> serde_json::Result<()> {
        let members = serde_json::to_vec(members)?;
        text.extend_from_slice(b"],");
        text.extend_from_slice(members.get(1..).unwrap_or_default());
        Ok(())
    }
}

/// What there is to say of a run beside its findings.
#[derive(Serialize)]
pub(crate) struct LintMembers {
    checked_at: String,
    scope: &'static str,
    checks_run: Vec<&'static str>,
    fact_count: i64,
}

impl LintMembers {
    pub(crate) fn of(run: &LintRun, now: i64, facts: i64) -> Self {
        Self {
            checked_at: instant::print(now),
            scope: run.scope.word(),
            checks_run: run.checks.words(),
            fact_count: facts,
        }
    }
}

/// What there is to say of a synthesis beside its entries.
#[derive(Serialize)]
pub(crate) struct SynthesisMembers {
    synthesized_at: String,
    scope: &'static str,
    fact_count: i64,
    contradiction_count: i64,
    filtered_count: i64,
}

impl SynthesisMembers {
    pub(crate) fn of(request: &SynthesisRequest, now: i64, tally: Tally) -> Self {
        Self {
            synthesized_at: instant::print(now),
            scope: request.scope.word(),
            fact_count: tally.facts,
            contradiction_count: tally.contradictions,
            filtered_count: tally.filtered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::Id;
    use crate::domain::lint::orphan;
    use crate::domain::scope::Scope;

    fn document(findings: &[&[Finding]]) -> serde_json::Value {
        let mut text = LongList::begin("findings");
        let mut list = LongList::default();
        for page in findings {
            list.add_findings(&mut text, page).unwrap();
        }
        LongList::end(&mut text, &LintMembers::of(&LintRun::of(Scope::Team), 0, 7)).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn pages_of_any_size_make_one_document() {
        let finding = |name: &str| orphan(name.to_owned(), Scope::Team, vec![Id([1; 16])]);
        let (a, b, c) = (finding("user:a"), finding("user:\"b"), finding("user:c"));
        let whole = document(&[&[a.clone(), b.clone(), c.clone()]]);
        assert_eq!(whole, document(&[&[], &[a], &[], &[b, c], &[]]));
        assert_eq!(whole["findings"][1]["entity"], "user:\"b");
        assert_eq!((&whole["fact_count"], &whole["scope"]), (&7.into(), &"team".into()));
        assert_eq!(document(&[])["findings"], serde_json::json!([]));
    }
}
