//! The proof that the suite can fail: one deviation after another is played, and for each some case of what it breaks must fail.

mod play;

use std::{collections::BTreeMap, path::PathBuf};

use futures_util::{StreamExt, stream};

use crate::{
    deviations::Deviation, drive::Setting, error::RunError, judge::Verdict, registry::Registry, schemas::Schemas,
    vectors::Vectors,
};
pub use stigmem_judge::matrix::{Matrix, Outcome, Row, Stray, Summary};

/// What is played, and how much of it at a time.
#[derive(Debug)]
pub struct Trial<'a> {
    pub vectors: &'a Vectors,
    pub registry: &'a Registry,
    pub schemas: &'a Schemas,
    pub setting: Setting,
    pub profile: String,
    pub seed: u64,
    /// Deviations that are played at once.
    pub at_once: usize,
    /// So many cases of other requirements are played beside, to see that they stay green. `None` for all of them.
    pub sample: Option<usize>,
    /// A folder for what deviating nodes leave behind.
    pub marks: PathBuf,
}

/// Called after each deviation, with the number of those done.
pub type Progress<'a> = &'a (dyn Fn(usize, &Row) + Sync);

/// Plays the cases that have to catch something on a node that does not deviate: whatever does not pass there shows nothing later.
pub async fn baseline(trial: &Trial<'_>, deviations: &[&Deviation]) -> Result<BTreeMap<String, Verdict>, RunError> {
    let verdicts = play::undeviating(trial, deviations).await?;
    let verdicts = verdicts.into_iter().map(|(case, verdict)| (case, verdict.verdict));
    Ok(verdicts.collect())
}

/// Plays every deviation; in their order.
pub async fn play(trial: &Trial<'_>, deviations: &[&Deviation], progress: Progress<'_>) -> Result<Vec<Row>, RunError> {
    let done = std::sync::atomic::AtomicUsize::new(0);
    let rows = stream::iter(deviations)
        .map(|deviation| async {
            let row = play::one(trial, deviation).await?;
            let n = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            progress(n, &row);
            Ok(row)
        })
        .buffered(trial.at_once);
    rows.collect::<Vec<_>>().await.into_iter().collect()
}

/// Judged requirements of a profile that no deviation breaks.
pub fn unbroken<'a>(
    registry: &'a Registry,
    vectors: &Vectors,
    profile: &str,
    deviations: &[Deviation],
) -> Vec<&'a str> {
    let broken = deviations.iter().flat_map(|deviation| &deviation.breaks);
    stigmem_judge::matrix::unbroken(registry, vectors, profile, &broken.map(String::as_str).collect())
}
