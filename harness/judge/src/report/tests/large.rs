//! Reports of the size that real ones have.

use std::collections::BTreeMap;

use crate::{
    data::Data,
    judge::Verdict,
    registry::Registry,
    report::{Conclusion, Report, RequirementResult},
};

use super::sample;

/// Every requirement of the specification with `cases` cases, of which every `broken`-th fails.
pub(crate) fn report(cases: usize, broken: usize) -> Report {
    let registry = Registry::load(&Data::embedded()).unwrap();
    let mut report = sample::report();
    let known: Vec<_> = registry
        .requirements
        .iter()
        .filter(|requirement| requirement.profile == "core")
        .collect();
    let judged: Vec<_> = known
        .iter()
        .filter(|requirement| requirement.not_judged.is_none())
        .collect();
    report.cases = (0..cases)
        .map(|n| {
            let covers = &judged[n * judged.len() / cases].id;
            let verdict = if n % broken == broken - 1 {
                Verdict::Fail
            } else {
                Verdict::Pass
            };
            let mut case = sample::case(&format!("{}-case/{n}", covers.to_lowercase()), covers, verdict, "");
            if verdict == Verdict::Fail {
                case.failures = vec![sample::failure(2, "/facts/0/hlc", "\"1700000000000.1\"")];
                case.failures[0]
                    .exchanges
                    .iter_mut()
                    .for_each(|shown| shown.body.truncate(1_500));
            }
            case
        })
        .collect();
    report.requirements = known
        .iter()
        .map(|known| {
            let own: Vec<_> = report
                .cases
                .iter()
                .filter(|case| case.covers.contains(&known.id))
                .collect();
            RequirementResult {
                id: known.id.clone(),
                level: known.level,
                section: known.section.clone(),
                file: known.file.clone(),
                text: known.text.clone(),
                feature: known.feature.clone(),
                unless: known.unless.clone(),
                not_judged: known.not_judged.clone(),
                verdict: own.iter().map(|case| case.verdict).max(),
                cases: own.iter().map(|case| case.id.clone()).collect(),
            }
        })
        .collect();
    report.areas = sample::areas(&report.requirements);
    report.counts = BTreeMap::from([(Verdict::Pass, cases - cases / broken), (Verdict::Fail, cases / broken)]);
    report.conclusion = Conclusion::NotConformant;
    report
}
