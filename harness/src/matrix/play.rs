//! One deviation: which cases are played on it, and what that shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::Arc,
};

use super::{Outcome, Row, Stray, Trial};
use crate::{
    deviations::Deviation,
    drive::{self, Setting},
    error::RunError,
    judge::{self, CaseVerdict, Verdict},
    plan::{self, Plan},
    seed::Draw,
    target::Target,
    trace::{CaseRecord, Gone},
    vectors::Case,
    world::mask::Pattern,
};

/// What tells a node that was built for it how to deviate, and where it writes down that a rule asked for the wrong value.
const TOLD: &str = "STIGMEM_DEVIATION";
const ASKED: &str = "STIGMEM_DEVIATION_ASKED";

/// What has to catch these, on a node that wears an empty mask.
pub(super) async fn undeviating(
    trial: &Trial<'_>,
    deviations: &[&Deviation],
) -> Result<BTreeMap<String, CaseVerdict>, RunError> {
    let mut setting = trial.setting.clone();
    setting.ground.mask = Some(Arc::new(Pattern::of(Vec::new())));
    let mut plan = whole(trial, &setting.target)?;
    let broken: BTreeSet<&String> = deviations.iter().flat_map(|deviation| &deviation.breaks).collect();
    let catches = |case: &Case| case.covers.iter().any(|id| broken.contains(id));
    let witness = witness(&plan, &[]);
    // Rules about everything want to hear everything.
    if !plan.rules.iter().any(catches) {
        plan.cases
            .retain(|case| catches(case) || witness.as_ref() == Some(&case.id));
    }
    plan.rules.retain(catches);
    let records = drive::run(&plan, &setting, &|_, _| {}).await;
    let records = records.map_err(|gone| RunError::TargetGone(format!("without a deviation: {}", gone.what)))?;
    Ok(judge::judge(trial.vectors, &plan.rules, &records, trial.schemas))
}

fn whole(trial: &Trial<'_>, target: &Target) -> Result<Plan, RunError> {
    Ok(plan::plan(
        trial.vectors,
        trial.registry,
        target,
        &trial.profile,
        &[],
        trial.seed,
    )?)
}

/// Plays what can catch it, and some of what must not.
pub(super) async fn one(trial: &Trial<'_>, deviation: &Deviation) -> Result<Row, RunError> {
    let disguise = Disguise::of(trial, deviation)?;
    let plan = chosen(trial, deviation, &disguise.setting.target)?;
    let outcome = drive::run(&plan, &disguise.setting, &|_, _| {}).await;
    let (records, gone) = match outcome {
        Ok(records) => (records, None),
        Err(gone) => (Vec::new(), Some(gone)),
    };
    let mut verdicts = judge::judge(trial.vectors, &plan.rules, &records, trial.schemas);
    // A node that was never there was not brought down by anything.
    let never = records.iter().filter(|record| record.steps.is_empty());
    for record in never.filter(|record| record.gone.is_some()) {
        verdicts.remove(&record.case);
    }
    let row = row(trial, deviation, &verdicts, disguise.void(gone.as_ref(), &records));
    disguise.off();
    Ok(row)
}

/// A deviation as it is put on the nodes of a run.
struct Disguise {
    by: &'static str,
    setting: Setting,
    pattern: Option<Arc<Pattern>>,
    mark: PathBuf,
}

impl Disguise {
    fn of(trial: &Trial<'_>, deviation: &Deviation) -> Result<Self, RunError> {
        let mut setting = trial.setting.clone();
        setting
            .target
            .features
            .retain(|feature| !deviation.undeclares.contains(feature));
        let mark = trial.marks.join(&deviation.id);
        let mut pattern = None;
        if deviation.needs_the_node() {
            let launch = setting.target.launch.as_mut();
            let launch = launch.ok_or_else(|| RunError::Harness("the bundled node is launched".to_owned()))?;
            launch.env.insert(TOLD.to_owned(), deviation.told());
            launch.env.insert(ASKED.to_owned(), mark.display().to_string());
        } else if !deviation.wire.is_empty() {
            let rules = Arc::new(Pattern::of(deviation.wire.clone()));
            setting.ground.mask = Some(Arc::clone(&rules));
            pattern = Some(rules);
        }
        // The folders of nodes have names of their own in one run alone.
        setting.ground.scratch = trial.setting.ground.scratch.join(&deviation.id);
        fs::create_dir_all(&setting.ground.scratch)
            .map_err(|error| RunError::Harness(format!("no folder for {}: {error}", deviation.id)))?;
        Ok(Self {
            by: deviation.by(),
            setting,
            pattern,
            mark,
        })
    }

    /// Why it showed nothing at all, if so.
    fn void(&self, gone: Option<&Gone>, records: &[CaseRecord]) -> Option<String> {
        if let Some(gone) = gone {
            return Some(format!("no node started: {}", gone.what));
        }
        let showed = match &self.pattern {
            Some(pattern) => pattern.applied() > 0,
            // What is not declared shows in every run.
            None => self.by == "declaration" || self.mark.exists(),
        };
        (!showed).then(|| match self.pattern {
            Some(_) => format!(
                "no exchange of {} cases was one that its rules are about",
                records.len()
            ),
            None => format!("in {} cases no rule asked for its policy", records.len()),
        })
    }

    fn off(&self) {
        // What is left goes with the folder of the run.
        let _ = fs::remove_dir_all(&self.setting.ground.scratch);
    }
}

/// A case that stores a fact and shows it again; without one nothing counts.
fn witness(plan: &Plan, but: &[String]) -> Option<String> {
    let about = |case: &Case| case.covers.iter().any(|id| but.contains(id));
    let witnesses = || plan.cases.iter().filter(|case| case.is_witness() && !about(case));
    let found = witnesses()
        .find(|case| !case.wants_own_node())
        .or_else(|| witnesses().next());
    found.map(|case| case.id.clone())
}

/// The cases of what it breaks, and some of those that must not notice.
fn chosen(trial: &Trial<'_>, deviation: &Deviation, target: &Target) -> Result<Plan, RunError> {
    let mut plan = whole(trial, target)?;
    let about = |case: &Case, ids: &[String]| case.covers.iter().any(|id| ids.contains(id));
    let caught_by_rules_alone = !plan.cases.iter().any(|case| about(case, &deviation.breaks));
    // A rule about everything is about what the other cases make the node say.
    let sample = trial
        .sample
        .map(|sample| if caught_by_rules_alone { usize::MAX } else { sample });
    let Some(mut left) = sample else { return Ok(plan) };
    let mut draw = Draw::new(trial.seed, &deviation.id);
    draw.shuffle(&mut plan.cases);
    let witness = witness(&plan, &deviation.also);
    plan.cases.retain(|case| {
        if about(case, &deviation.breaks) || witness.as_ref() == Some(&case.id) {
            return true;
        }
        // Worlds take their time, and they notice nothing that others do not.
        // Traffic for rules may well fall itself; the others are to stay green.
        let spared = !caught_by_rules_alone && about(case, &deviation.also);
        let takes = left > 0 && !spared && case.world.is_none() && !case.wants_own_node();
        left -= usize::from(takes);
        takes
    });
    let rules = !plan.rules.is_empty();
    if rules {
        plan.rules
            .retain(|case| about(case, &deviation.breaks) || !about(case, &deviation.also));
    }
    Ok(plan)
}

fn row(
    trial: &Trial<'_>,
    deviation: &Deviation,
    verdicts: &BTreeMap<String, CaseVerdict>,
    void: Option<String>,
) -> Row {
    let mut row = unplayed(deviation);
    let mut missed: Vec<&String> = deviation.breaks.iter().collect();
    for (id, verdict) in verdicts {
        let Some(case) = trial.vectors.find(id) else { continue };
        row.played += 1;
        // A node that dies under a case has failed it in this sense, though a report says rather that the node is gone.
        if !matches!(verdict.verdict, Verdict::Fail | Verdict::Warn | Verdict::Unreachable) {
            row.inconclusive += usize::from(verdict.verdict != Verdict::Pass);
            continue;
        }
        let covers = |ids: &[String]| case.covers.iter().any(|id| ids.contains(id));
        missed.retain(|broken| !case.covers.contains(broken));
        if covers(&deviation.breaks) {
            row.caught_by.push(id.clone());
        } else if covers(&deviation.also) {
            row.also.push(id.clone());
        } else {
            row.strays.push(Stray::of(id, verdict));
        }
    }
    row.outcome = match void {
        Some(why) if row.caught_by.is_empty() => {
            row.why = Some(why);
            Outcome::Void
        }
        _ if missed.is_empty() => Outcome::Killed,
        _ => {
            row.why = Some(survived(deviation, &missed, verdicts, trial));
            Outcome::Survived
        }
    };
    row
}

fn unplayed(deviation: &Deviation) -> Row {
    Row {
        id: deviation.id.clone(),
        breaks: deviation.breaks.clone(),
        says: deviation.says.clone(),
        by: deviation.by().to_owned(),
        outcome: Outcome::Void,
        caught_by: Vec::new(),
        also: Vec::new(),
        also_because: deviation.also_because.clone(),
        strays: Vec::new(),
        played: 0,
        inconclusive: 0,
        why: None,
    }
}

/// What the cases said that should have failed.
fn survived(
    deviation: &Deviation,
    missed: &[&String],
    verdicts: &BTreeMap<String, CaseVerdict>,
    trial: &Trial<'_>,
) -> String {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let mut example = String::new();
    for (id, verdict) in verdicts {
        let covers = trial.vectors.find(id).map(|case| &case.covers);
        if covers.is_some_and(|covers| missed.iter().any(|id| covers.contains(id))) {
            *counts.entry(verdict.verdict).or_default() += 1;
            if verdict.verdict != Verdict::Pass && example.is_empty() {
                example = format!("; {id}: {}", verdict.message);
            }
        }
    }
    let said: Vec<String> = counts
        .iter()
        .map(|(verdict, n)| format!("{n} {}", verdict.word()))
        .collect();
    let missed: Vec<&str> = missed.iter().map(|id| id.as_str()).collect();
    let all = if missed.len() == deviation.breaks.len() {
        ""
    } else {
        " (others failed)"
    };
    format!(
        "no case of {} failed{all}: {}{example}",
        missed.join(", "),
        said.join(", ")
    )
}
