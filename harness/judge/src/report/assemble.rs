//! From verdicts to the report.

use std::collections::BTreeMap;

use super::{Area, CaseResult, Conclusion, Coverage, FailureResult, ProfileResult, Report, RequirementResult, curl};
use crate::{
    judge::{self, CaseVerdict, Failure, Verdict, wrong::Wrong},
    plan,
    profiles::{self, Memberships},
    registry::{Registry, Requirement},
    schemas::Schemas,
    trace::{CaseRecord, EndRecord, LeftOutAs, RunRecord, TargetRecord},
    vectors::{Case, Vectors},
};

/// Judges a recorded run and says the result.
pub fn assemble(
    run: &RunRecord,
    records: &[CaseRecord],
    end: &EndRecord,
    vectors: &Vectors,
    registry: &Registry,
    schemas: &Schemas,
) -> Report {
    let chosen =
        |case: &&Case| run.selection.is_empty() || run.selection.iter().any(|selector| plan::selects(selector, case));
    let left_out: BTreeMap<&str, _> = run.left_out.iter().map(|left| (left.case.as_str(), left)).collect();
    let in_profile = |case: &&Case| plan::belongs(case, registry, &run.profile);
    let cases: Vec<&Case> = vectors.cases.iter().filter(in_profile).filter(chosen).collect();
    let rules: Vec<Case> = cases
        .iter()
        .filter(|case| case.every().is_some())
        .map(|case| (*case).clone())
        .collect();
    // A rule is about what the cases of its own profile made the node say, in a run of several as in one of its own: what one profile
    // asks for is an exception to the rules of another.
    let memberships = Memberships::of(vectors, registry);
    let concerns = |rule: &Case, record: &CaseRecord| memberships.share_a_profile(&rule.id, &record.case);
    let mut verdicts = judge::judge_among(vectors, &rules, records, schemas, &concerns);
    let by_case: BTreeMap<&str, &CaseRecord> = records.iter().map(|record| (record.case.as_str(), record)).collect();
    let results = cases.iter().map(|case| {
        let verdict = match (left_out.get(case.id.as_str()), verdicts.remove(&case.id)) {
            (Some(left), _) => CaseVerdict::of(
                match left.verdict {
                    LeftOutAs::NotApplicable => Verdict::NotApplicable,
                    LeftOutAs::Inconclusive => Verdict::Inconclusive,
                },
                left.reason.clone(),
            ),
            (None, Some(verdict)) => soften(verdict, case, registry),
            (None, None) => CaseVerdict::of(Verdict::Inconclusive, "the run ended before this case began"),
        };
        case_result(case, &verdict, run, &by_case)
    });
    let cases: Vec<CaseResult> = results.collect();
    let requirements = requirements(registry, &cases, run);
    let coverage = coverage(requirements.iter(), &run.target);
    Report {
        format: FORMAT,
        kit: run.kit.clone(),
        digests: run.digests.clone(),
        trace: None,
        target: run.target.clone(),
        profile: run.profile.clone(),
        selection: run.selection.clone(),
        seed: run.seed,
        started: run.started.clone(),
        duration_ms: end.duration_ms,
        conclusion: conclude(&cases.iter().collect::<Vec<_>>(), coverage, run.selection.is_empty()),
        coverage,
        profiles: parts(&requirements, &cases, run, registry),
        counts: count(cases.iter().map(|case| case.verdict)),
        requests: end.exchanges,
        areas: areas(&requirements, registry),
        requirements,
        cases,
    }
}

/// The result in each profile, where the run was about all of them.
fn parts(
    requirements: &[RequirementResult],
    cases: &[CaseResult],
    run: &RunRecord,
    registry: &Registry,
) -> Vec<ProfileResult> {
    if run.profile != profiles::FULL {
        return Vec::new();
    }
    let part = |profile: &str| {
        let is_own = |id: &str| registry.get(id).is_some_and(|known| profiles::holds(profile, known));
        let own = cases.iter().filter(|case| case.covers.iter().any(|id| is_own(id)));
        let own: Vec<&CaseResult> = own.collect();
        let coverage = coverage(requirements.iter().filter(|one| is_own(&one.id)), &run.target);
        ProfileResult {
            profile: profile.to_owned(),
            conclusion: conclude(&own, coverage, run.selection.is_empty()),
            coverage,
            counts: count(own.iter().map(|case| case.verdict)),
        }
    };
    let touched = |profile: &&str| {
        let mut known = requirements.iter().filter_map(|one| registry.get(&one.id));
        known.any(|known| profiles::holds(profile, known))
    };
    profiles::of_nodes(registry)
        .into_iter()
        .filter(touched)
        .map(part)
        .collect()
}

/// A SHOULD that is not followed is a warning.
fn soften(verdict: CaseVerdict, case: &Case, registry: &Registry) -> CaseVerdict {
    let should = case
        .covers
        .iter()
        .filter_map(|id| registry.get(id))
        .all(|requirement| !requirement.level.is_must());
    match verdict.verdict {
        Verdict::Fail if should => CaseVerdict {
            verdict: Verdict::Warn,
            ..verdict
        },
        _ => verdict,
    }
}

fn case_result(
    case: &Case,
    verdict: &CaseVerdict,
    run: &RunRecord,
    records: &BTreeMap<&str, &CaseRecord>,
) -> CaseResult {
    let failures = verdict
        .failures
        .iter()
        .map(|failure| failure_result(case, failure, records))
        .collect();
    CaseResult {
        id: case.id.clone(),
        area: case.area.clone(),
        covers: case.covers.clone(),
        why: case.why.clone(),
        verdict: verdict.verdict,
        subjects: verdict.subjects,
        duration_ms: records.get(case.id.as_str()).map_or(0, |record| record.duration_ms),
        message: curl::visible(&verdict.message, 2000),
        expected: run
            .target
            .expected
            .iter()
            .find(|deviation| deviation.case == case.id)
            .map(|deviation| deviation.reason.clone()),
        failures,
        repeat: format!("{} --select {} --seed {}", run.target.repeat, case.id, run.seed),
    }
}

fn failure_result(case: &Case, failure: &Failure, records: &BTreeMap<&str, &CaseRecord>) -> FailureResult {
    let blamed = failure
        .exchange
        .as_ref()
        .map(|(other, n)| (if other.is_empty() { case.id.as_str() } else { other }, *n));
    let mut exchanges = Vec::new();
    if let Some((id, n)) = blamed
        && let Some(record) = records.get(id)
    {
        let base = record.names.get("url").and_then(|url| url.as_str()).unwrap_or_default();
        // A rule about everything needs one exchange; a case needs what led there.
        let first = if case.every().is_some() {
            n
        } else {
            n.saturating_sub(LED_THERE)
        };
        let all = record.steps.iter().flat_map(|step| &step.exchanges);
        exchanges = all
            .filter(|exchange| (first..=n).contains(&exchange.n))
            .map(|exchange| curl::show(id, base, exchange))
            .collect();
    }
    let wrong = Wrong {
        pointer: curl::visible(&failure.wrong.pointer, 300),
        expected: curl::visible(&failure.wrong.expected, 1000),
        got: curl::visible(&failure.wrong.got, 1000),
    };
    let step = if case.every().is_some() { 0 } else { failure.step + 1 };
    FailureResult {
        step,
        verb: failure.verb.clone(),
        wrong,
        exchanges,
    }
}

fn requirements(registry: &Registry, cases: &[CaseResult], run: &RunRecord) -> Vec<RequirementResult> {
    let mut results = Vec::new();
    for requirement in registry
        .requirements
        .iter()
        .filter(|requirement| profiles::holds(&run.profile, requirement))
    {
        let own: Vec<&CaseResult> = cases
            .iter()
            .filter(|case| case.covers.contains(&requirement.id))
            .collect();
        if own.is_empty() && !run.selection.is_empty() {
            continue;
        }
        results.push(RequirementResult {
            id: requirement.id.clone(),
            level: requirement.level,
            section: requirement.section.clone(),
            file: requirement.file.clone(),
            text: requirement.text.clone(),
            feature: requirement.feature.clone(),
            unless: requirement.unless.clone(),
            not_judged: requirement.not_judged.clone(),
            verdict: worst(requirement, &own),
            cases: own.iter().map(|case| case.id.clone()).collect(),
        });
    }
    results
}

/// A requirement passes when all of its cases that apply pass, and at least one does.
fn worst(requirement: &Requirement, cases: &[&CaseResult]) -> Option<Verdict> {
    if cases.is_empty() {
        return if requirement.not_judged.is_some() {
            None
        } else {
            Some(Verdict::Inconclusive)
        };
    }
    let order = [
        Verdict::Error,
        Verdict::Fail,
        Verdict::Warn,
        Verdict::Unreachable,
        Verdict::Inconclusive,
        Verdict::Pass,
    ];
    let found = order
        .into_iter()
        .find(|verdict| cases.iter().any(|case| case.verdict == *verdict));
    Some(found.unwrap_or(Verdict::NotApplicable))
}

fn coverage<'a>(requirements: impl Iterator<Item = &'a RequirementResult>, target: &TargetRecord) -> Coverage {
    let mut coverage = Coverage::default();
    for requirement in requirements.filter(|requirement| requirement.level.is_must()) {
        let declares = |feature: &String| target.features.contains(feature);
        if requirement.feature.as_ref().is_some_and(|feature| !declares(feature))
            || requirement.unless.as_ref().is_some_and(declares)
        {
            continue;
        }
        coverage.musts += 1;
        coverage.judged += usize::from(matches!(requirement.verdict, Some(Verdict::Pass | Verdict::Fail)));
        coverage.passed += usize::from(requirement.verdict == Some(Verdict::Pass));
        coverage.excluded += usize::from(requirement.not_judged.is_some());
    }
    coverage
}

fn areas(requirements: &[RequirementResult], registry: &Registry) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for requirement in requirements {
        let id = requirement.id.split('-').next().unwrap_or_default();
        if areas.iter().all(|area| area.id != id) {
            let title = registry
                .get(&requirement.id)
                .map(|known| title(id, known))
                .unwrap_or_default();
            areas.push(Area {
                id: id.to_owned(),
                title,
                counts: BTreeMap::new(),
                requirements: 0,
            });
        }
        if let Some(area) = areas.iter_mut().find(|area| area.id == id) {
            area.requirements += 1;
            if let Some(verdict) = requirement.verdict {
                *area.counts.entry(verdict).or_default() += 1;
            }
        }
    }
    areas
}

/// What the letters of an id stand for.
pub(super) fn title(id: &str, requirement: &Requirement) -> String {
    let known = [
        ("FACT", "Fact record and request"),
        ("VAL", "Values"),
        ("HLC", "Hybrid logical clock"),
        ("URI", "Entity URIs"),
        ("SEM", "Semantics"),
        ("EXP", "Expiry"),
        ("CON", "Contradiction"),
        ("RES", "Resolution"),
        ("AUTH", "Authentication"),
        ("KEY", "API keys"),
        ("SCOPE", "Scopes"),
        ("HTTP", "HTTP"),
        ("QRY", "Queries"),
        ("PAGE", "Paging"),
        ("DISC", "Discovery"),
        ("CNF", "Conflicts"),
        ("CID", "Content ids"),
        ("LINT", "Lint"),
        ("DECAY", "Decay"),
        ("SYN", "Synthesis"),
        ("ADPT", "Adapters"),
    ];
    known
        .iter()
        .find(|(letters, _)| *letters == id)
        .map_or_else(|| requirement.section.clone(), |(_, title)| (*title).to_owned())
}

fn count(verdicts: impl Iterator<Item = Verdict>) -> BTreeMap<Verdict, usize> {
    let mut counts = BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict).or_default() += 1;
    }
    counts
}

/// `whole`: nothing was left out by a selection.
fn conclude(cases: &[&CaseResult], coverage: Coverage, whole: bool) -> Conclusion {
    let any = |verdict: Verdict| cases.iter().any(|case| case.verdict == verdict);
    let unexpected = cases
        .iter()
        .any(|case| case.verdict == Verdict::Fail && case.expected.is_none());
    if any(Verdict::Error) {
        return Conclusion::HarnessError;
    }
    if any(Verdict::Unreachable) {
        return Conclusion::Unreachable;
    }
    if unexpected || cases.iter().any(|case| case.is_stale()) {
        return if whole {
            Conclusion::NotConformant
        } else {
            Conclusion::SelectionFailed
        };
    }
    if any(Verdict::Fail) {
        return Conclusion::AsExpected;
    }
    let all = coverage.musts > 0 && coverage.passed + coverage.excluded == coverage.musts;
    let nothing_open = !any(Verdict::Inconclusive) && any(Verdict::Pass);
    match (whole, nothing_open) {
        (true, true) if all => Conclusion::Conformant,
        (false, true) => Conclusion::SelectionPassed,
        _ => Conclusion::Undetermined,
    }
}

const FORMAT: u32 = 1;

/// How many exchanges before the one to blame are shown.
const LED_THERE: usize = 4;

#[cfg(test)]
mod tests;
