//! Sweeps over a scope of any size. What is due is looked for on a reading connection, one window of rows after the other; the
//! writer judges each finding again, in short transactions, so that a sweep neither keeps other writes waiting for long nor acts
//! on what has changed meanwhile. A sweep that is cut off has done a part, and the next one does the rest.

mod act;
mod otherwise;
mod policies;
mod scan;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use self::policies::PolicyRefusal;
use super::readers::Effort;
use super::{Store, Stored, lint};
use crate::domain::decay::{Mode, Plan};
use crate::domain::scope::Scope;
use crate::policy::{DecayReach, DecayRehearsal};

/// How many rows are looked at in one read, which bounds what is remembered of them.
const WINDOW: i64 = 4_096;
/// How many facts are reduced, or triples withdrawn, in one transaction.
const BATCH: usize = 256;

/// What came of a sweep; of a dry run, what would have come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Live facts that a policy governs by which the sweep acts.
    pub(crate) evaluated: u64,
    pub(crate) retracted: u64,
    pub(crate) reduced: u64,
    /// How many each policy governs, by its place in the plan.
    pub(crate) governed: BTreeMap<usize, u64>,
}

impl Store {
    /// How many facts a sweep of a scope is about, where that is more than it is answered about at once.
    pub(crate) async fn too_many_to_sweep(&self, scope: Scope, threshold: i64) -> Stored<Option<i64>> {
        let facts = self.read(Effort::Long, move |db| lint::live(db, scope)).await?;
        Ok((facts > threshold).then_some(facts))
    }

    pub(crate) async fn sweep(&self, plan: &Plan) -> Stored<Swept> {
        let mut swept = Swept::default();
        for scope in DecayReach::now().of(plan.scope).iter() {
            let plan = Arc::new(Plan { scope, ..plan.clone() });
            for mode in [Mode::Retract, Mode::Confidence] {
                if plan.has(mode) {
                    self.pass(mode, &plan, &mut swept).await?;
                }
            }
        }
        Ok(swept)
    }

    /// Goes over everything there was at its beginning: what a sweep writes is not swept by it.
    async fn pass(&self, mode: Mode, plan: &Arc<Plan>, swept: &mut Swept) -> Stored<()> {
        let last = self.read(Effort::Short, move |db| scan::last(db, mode)).await?;
        let mut after = 0;
        while after < last {
            let until = last.min(after + WINDOW);
            let for_reading = Arc::clone(plan);
            let found = self
                .read(Effort::Long, move |db| {
                    scan::find(db, mode, &for_reading, (after, until))
                })
                .await?;
            swept.evaluated += found.governed.values().sum::<u64>();
            for (place, count) in found.governed {
                *swept.governed.entry(place).or_default() += count;
            }
            let count = if plan.is_dry() && DecayRehearsal::now() == DecayRehearsal::WritesNothing {
                found.facts
            } else {
                self.act(mode, plan, &found.due).await?
            };
            match mode {
                Mode::Retract => swept.retracted += count,
                Mode::Confidence => swept.reduced += count,
            }
            after = until;
        }
        Ok(())
    }

    /// How many facts were withdrawn or reduced.
    async fn act(&self, mode: Mode, plan: &Arc<Plan>, due: &[i64]) -> Stored<u64> {
        let mut count = 0;
        for batch in due.chunks(BATCH) {
            let (batch, plan) = (batch.to_vec(), Arc::clone(plan));
            otherwise::before_acting().await;
            count += self.writer.submit(move |txn| txn.fade(mode, &plan, &batch)).await?;
        }
        Ok(count)
    }
}
