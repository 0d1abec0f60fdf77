//! What only a deviating node does when it is asked for a synthesis: wrong values of policies call it, and nothing else.

use rusqlite::Connection;

use super::SynthesisPage;
use crate::domain::fact::Draft;
use crate::domain::id::Id;
use crate::domain::instant::{now_micros, print};
use crate::domain::scope::ScopeSet;
use crate::domain::synthesis::{Entry, SynthesisRequest, reckoning};
use crate::domain::value::Value;
use crate::policy::{SynthesisEffects, SynthesisMemory};
use crate::store::{ConflictFilter, Resolution, Store, Stored, records};

const SOURCE: &str = "system:synthesis";

/// The whole answer, on one page.
pub(super) fn page(db: &Connection, request: &SynthesisRequest, now: i64) -> rusqlite::Result<SynthesisPage> {
    let fresh = reckoning::synthesis(&records::all(db)?, request, now);
    let (entries, tally) = SynthesisMemory::now().answer(request, fresh);
    Ok(SynthesisPage {
        entries,
        tally,
        next: None,
    })
}

impl Store {
    /// Writes what an answer leaves behind.
    pub(super) async fn synthesis_leaves(&self, request: &SynthesisRequest, entries: &[Entry]) -> Stored<()> {
        match SynthesisEffects::now() {
            SynthesisEffects::Nothing => Ok(()),
            SynthesisEffects::StoresARecord => {
                let about = request.entity.clone();
                let about = about.unwrap_or_else(|| format!("scope:{}", request.scope.word()));
                let relation = format!("synthesis:{}", Id::fresh(now_micros() / 1_000).text());
                let when = Value::string(print(now_micros()));
                let record = Draft::certain(about, &relation, when, SOURCE, request.scope);
                self.assert(record, ScopeSet::ALL).await.map(|_| ())
            }
            SynthesisEffects::SettlesDisputes => self.settle_told(entries).await,
        }
    }

    async fn settle_told(&self, entries: &[Entry]) -> Stored<()> {
        let open = ConflictFilter {
            resolved: Some(false),
            scopes: ScopeSet::ALL,
            from: None,
            limit: 500,
        };
        for conflict in self.conflicts(open).await?.conflicts {
            let told = conflict.fact_a.as_ref().and_then(|side| {
                let about = |entry: &&Entry| entry.entity == side.entity && entry.relation == side.relation;
                entries.iter().find(about)
            });
            let id = conflict.entity.strip_prefix("stigmem:conflict:").and_then(Id::parse);
            if let (Some(told), Some(id)) = (told.filter(|entry| entry.contradicted), id) {
                let decision = Resolution {
                    conflict: id,
                    winner: None,
                    new_value: Some(told.value.clone()),
                    note: String::new(),
                    caller_uri: SOURCE.to_owned(),
                    scopes: ScopeSet::ALL,
                };
                let _ = self.resolve(decision).await?;
            }
        }
        Ok(())
    }
}
