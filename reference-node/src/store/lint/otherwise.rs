//! What only a deviating node does when it lints: wrong values of policies call it, and nothing else.

use rusqlite::Connection;

use super::LintPage;
use crate::domain::archive::Record;
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::instant::{now_micros, print};
use crate::domain::lint::{Check, Finding, LintRun, Severity, reckoning};
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::value::{Value, ValueType};
use crate::policy::LintWrites;
use crate::store::{Store, Stored, records};

const SOURCE: &str = "system:lint";

/// Everything there is to tell, on one page.
pub(super) fn page(db: &Connection, run: &LintRun, now: i64) -> rusqlite::Result<LintPage> {
    Ok(LintPage {
        findings: reckoning::findings(&records::all(db)?, run, now),
        next: None,
    })
}

/// The live facts that the checks of a run have a use for.
pub(super) fn useful(db: &Connection, run: &LintRun, now: i64) -> rusqlite::Result<i64> {
    let useful = |record: &&Record| {
        let live = !record.withdrawn && record.expires_at.is_none_or(|at| at > now);
        let used = run.checks.iter().any(|check| match check {
            Check::Stale => record.expires_at.is_some(),
            Check::BrokenRef => record.value.kind == ValueType::Ref,
            Check::Contradiction | Check::Orphan | Check::Namespacing => true,
        });
        record.scope == run.scope && live && used
    };
    let count = records::all(db)?.records.iter().filter(useful).count();
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

impl Store {
    /// Writes what a run leaves behind.
    pub(super) async fn lint_leaves(&self, run: &LintRun, findings: &[Finding]) -> Stored<()> {
        let scope = run.scope;
        if LintWrites::now() == LintWrites::AFactAboutTheRun {
            let entity = format!("lint:{}", Id::fresh(now_micros() / 1_000).text());
            let when = Value::string(print(now_micros()));
            let trace = Draft::certain(entity, "lint:ran", when, SOURCE, Scope::Local);
            self.assert(trace, ScopeSet::ALL).await?;
        }
        for finding in findings {
            let told = (LintWrites::now(), finding.check, finding.severity);
            let relations = match (told, &finding.relation) {
                ((LintWrites::RetractsAgain, Check::Orphan, _), _) => self.relations_of(&finding.entity, scope).await?,
                ((LintWrites::RetractsTheStale, Check::Stale, Severity::Warning), Some(relation)) => {
                    vec![relation.clone()]
                }
                _ => Vec::new(),
            };
            for relation in relations {
                let nothing = Value {
                    kind: ValueType::Null,
                    text: "null".to_owned(),
                };
                let retraction = Draft {
                    confidence: 0.0,
                    ..Draft::certain(finding.entity.clone(), &relation, nothing, SOURCE, scope)
                };
                self.assert(retraction, ScopeSet::ALL).await?;
            }
        }
        Ok(())
    }

    async fn relations_of(&self, entity: &str, scope: Scope) -> Stored<Vec<String>> {
        let entity = entity.to_owned();
        self.writer
            .submit(move |txn| {
                let sql = "SELECT r.text FROM triple t JOIN term e ON e.id = t.entity JOIN term r ON r.id = t.relation \
                           WHERE e.text = ? AND t.scope = ? AND r.text NOT GLOB 'stigmem:*'";
                txn.db
                    .prepare_cached(sql)?
                    .query_map((entity, scope.code()), |row| row.get(0))?
                    .collect()
            })
            .await
    }
}
