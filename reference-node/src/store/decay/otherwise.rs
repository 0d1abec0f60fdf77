//! What only a deviating node does in a sweep: wrong values of policies call it, and nothing else.

use std::time::Duration;

use crate::domain::fact::Draft;
use crate::domain::scope::{Scope, ScopeSet};
use crate::domain::standing::State;
use crate::policy::{DecayExpired, DecayLive, DecayReduction, DecaySweeps, DecayUnderflow};
use crate::store::assert::Written;
use crate::store::contest::Dispute;
use crate::store::writer::Txn;

/// How long a node thinks between looking and writing.
const THOUGHT: Duration = Duration::from_millis(50);

pub(super) async fn before_acting() {
    if DecaySweeps::now() == DecaySweeps::ReadFirst {
        tokio::time::sleep(THOUGHT).await;
    }
}

impl Txn<'_> {
    /// Withdraws the triple on which a reduction is about to be written.
    pub(super) fn clear_the_way(&mut self, reduction: &Draft) -> rusqlite::Result<()> {
        if DecayReduction::now() == DecayReduction::AfterARetraction {
            let retraction = Draft {
                confidence: 0.0,
                ..reduction.clone()
            };
            self.assert(&retraction, ScopeSet::ALL)?;
        }
        Ok(())
    }

    /// Whether a fact that was reduced is not among the live ones any more.
    pub(super) fn has_left(&self, seq: i64) -> rusqlite::Result<bool> {
        let stayed = DecayReduction::now() != DecayReduction::AfterARetraction
            && DecayUnderflow::now() == DecayUnderflow::MoreThanNothing
            && DecaySweeps::now() == DecaySweeps::LookAgain
            && DecayExpired::now() == DecayExpired::LeftAlone
            && DecayLive::now() != DecayLive::AlsoWithdrawn;
        if stayed {
            return Ok(false);
        }
        let expired = "UPDATE entry SET state = 3 WHERE seq = ? AND state = 2";
        self.db.execute(expired, [seq])?;
        let state = "SELECT state FROM entry WHERE seq = ?";
        let state: u8 = self.db.query_row(state, [seq], |row| row.get(0))?;
        Ok(!State::is_live_code(state))
    }

    /// Opens conflicts between a reduction and the fact that it stands for, and the other live facts of its triple.
    pub(super) fn dispute(&mut self, reduction: Written, reduced: i64, scope: Scope) -> rusqlite::Result<()> {
        if DecayReduction::now() != DecayReduction::OpensConflicts {
            return Ok(());
        }
        let sql = "SELECT seq FROM entry WHERE triple = ?1 AND seq <> ?2 AND (state < 2 OR seq = ?3)";
        let others: Vec<i64> = self
            .db
            .prepare_cached(sql)?
            .query_map((reduction.triple, reduction.seq, reduced), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for other in others {
            let dispute = Dispute {
                values: (-reduction.seq, -other),
                newer: reduction.seq,
                older: other,
            };
            self.open_conflict(reduction.triple, dispute, scope)?;
        }
        Ok(())
    }
}
