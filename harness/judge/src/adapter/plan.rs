//! Which cases an adapter can be judged by. Pure.

use std::collections::BTreeSet;

use super::PROFILE;
use crate::{
    plan::{Plan, belongs, selects},
    registry::Registry,
    seed::Draw,
    trace::{LeftOut, LeftOutAs},
    vectors::{Case, Vectors},
};

/// Chooses the cases for an adapter that meets these conditions.
pub fn plan(
    vectors: &Vectors,
    registry: &Registry,
    conditions: &BTreeSet<String>,
    selection: &[String],
    seed: u64,
) -> Plan {
    let mut plan = Plan {
        seed,
        profile: PROFILE.to_owned(),
        selection: selection.to_vec(),
        cases: Vec::new(),
        rules: Vec::new(),
        left_out: Vec::new(),
    };
    let chosen = |case: &Case| selection.is_empty() || selection.iter().any(|selector| selects(selector, case));
    let own: Vec<&Case> = vectors
        .cases
        .iter()
        .filter(|case| case.adapter().is_some() && belongs(case, registry, PROFILE))
        .collect();
    // No pass counts without a case in which the adapter does something.
    let witness = own
        .iter()
        .find(|case| case.is_witness() && why_not(case, conditions).is_none())
        .filter(|_| own.iter().any(|case| chosen(case)))
        .map(|case| case.id.clone());
    for case in own {
        if !chosen(case) && witness.as_ref() != Some(&case.id) {
            continue;
        }
        match why_not(case, conditions) {
            Some(reason) => plan.left_out.push(LeftOut {
                case: case.id.clone(),
                verdict: LeftOutAs::NotApplicable,
                reason,
            }),
            None => plan.cases.push(case.clone()),
        }
    }
    // Order must not matter, so it is another one in each run.
    Draw::new(seed, "order").shuffle(&mut plan.cases);
    plan
}

/// Why a case does not apply.
fn why_not(case: &Case, conditions: &BTreeSet<String>) -> Option<String> {
    if let Some(missing) = case.needs.iter().find(|one| !conditions.contains(*one)) {
        return Some(format!("the adapter does not declare {missing:?}"));
    }
    let found = case.lacks.iter().find(|one| conditions.contains(*one))?;
    Some(format!(
        "the adapter declares {found:?}, and this is about adapters that do not"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        adapter::{
            file::{AdapterFile, Kind},
            operation,
        },
        data::Data,
        schemas::Schemas,
        vectors,
    };

    /// Otherwise such an adapter could never be conformant.
    #[test]
    fn an_adapter_that_takes_one_thing_can_be_judged() {
        let data = Data::embedded();
        let schemas = Schemas::load(&data).unwrap();
        let registry = Registry::load(&data).unwrap();
        let vectors = vectors::load(&data, &schemas).unwrap();
        let musts = |conditions: &BTreeSet<String>| {
            let own = registry
                .requirements
                .iter()
                .filter(|one| one.profile == PROFILE && one.level.is_must());
            let held = own.filter(|one| one.feature.as_ref().is_none_or(|feature| conditions.contains(feature)));
            held.map(|one| one.id.clone()).collect::<Vec<_>>()
        };
        let alone = |kind: &[&str], name: &str| {
            let operation = operation::find(name).unwrap();
            let names = operation.names.iter().map(|used| operation::with_name(name, used));
            let all = kind
                .iter()
                .map(|one| (*one).to_owned())
                .chain([name.to_owned()])
                .chain(names);
            operation::closed(all.collect())
        };
        let events = [
            "checkout", "done", "blocked", "ping", "handoff", "decision", "escalate", "assert",
        ];
        let mut adapters: Vec<BTreeSet<String>> = events.iter().map(|name| alone(&["middleware"], name)).collect();
        adapters.extend(["assert", "query", "lint"].iter().map(|name| alone(&["mcp"], name)));
        adapters.push(alone(&["process"], "query"));
        adapters.extend(
            operation::PULLS
                .iter()
                .map(|pull| alone(&[&format!("pull-{pull}")], "boot")),
        );
        for conditions in adapters {
            for id in musts(&conditions) {
                let mut judged = vectors.cases.iter().filter(|case| case.covers.contains(&id));
                assert!(
                    judged.any(|case| why_not(case, &conditions).is_none()),
                    "{id} for {conditions:?}"
                );
            }
        }
    }

    #[test]
    fn a_selection_brings_its_witness_along() {
        let data = Data::embedded();
        let schemas = Schemas::load(&data).unwrap();
        let registry = Registry::load(&data).unwrap();
        let vectors = vectors::load(&data, &schemas).unwrap();
        let bundled = AdapterFile::bundled(&data, &schemas).unwrap();
        let conditions = bundled.adapter(Kind::Middleware).unwrap().conditions();
        let chosen = plan(&vectors, &registry, &conditions, &["ADPT-35".to_owned()], 1);
        assert!(chosen.cases.iter().any(Case::is_witness));
        assert!(
            chosen
                .cases
                .iter()
                .any(|case| case.covers.contains(&"ADPT-35".to_owned()))
        );
        let nothing = plan(&vectors, &registry, &conditions, &["SEM-07".to_owned()], 1);
        assert!(nothing.is_empty());
        let all = plan(&vectors, &registry, &conditions, &[], 1);
        assert!(all.left_out.iter().any(|left| left.reason.contains("\"process\"")));
        assert!(all.cases.iter().all(|case| case.adapter().is_some()));
    }
}
