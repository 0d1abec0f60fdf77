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
mod tests;
