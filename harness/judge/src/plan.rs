//! What will be run, decided before anything is sent. Pure.

use crate::{
    error::InputError,
    profiles,
    registry::{ADAPTER, Registry},
    seed::Draw,
    target::{self, Target},
    trace::{LeftOut, LeftOutAs},
    vectors::{Case, CaseBody, Vectors, WorldWish},
};

/// A run before it starts.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub profile: String,
    pub selection: Vec<String>,
    /// Cases with steps, in the order they start.
    pub cases: Vec<Case>,
    /// Cases that are rules about everything; they send nothing.
    pub rules: Vec<Case>,
    pub left_out: Vec<LeftOut>,
}

impl Plan {
    /// Nothing was chosen at all.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.rules.is_empty() && self.left_out.is_empty()
    }
}

/// Chooses the cases of a profile that a target can be judged by.
pub fn plan(
    vectors: &Vectors,
    registry: &Registry,
    target: &Target,
    profile: &str,
    selection: &[String],
    seed: u64,
) -> Result<Plan, InputError> {
    if registry.judges(profile, ADAPTER) {
        return Err(InputError::at(
            "--profile",
            "",
            format!("{profile:?} is about adapters: `stigmem-conformance adapter` judges them"),
        ));
    }
    let known = profiles::of_nodes(registry);
    if profile != profiles::FULL && !known.contains(&profile) {
        let what = format!(
            "{profile:?} is not a profile that nodes are judged by; there are {}, and {} for all of them",
            known.join(", "),
            profiles::FULL
        );
        return Err(InputError::at("--profile", "", what));
    }
    let mut plan = Plan {
        seed,
        profile: profile.to_owned(),
        selection: selection.to_vec(),
        cases: Vec::new(),
        rules: Vec::new(),
        left_out: Vec::new(),
    };
    let chosen = |case: &Case| selection.is_empty() || selection.iter().any(|selector| selects(selector, case));
    let own: Vec<&Case> = vectors
        .cases
        .iter()
        .filter(|case| belongs(case, registry, profile))
        .collect();
    // Rules alone need somebody else to make the node talk.
    let all = own.iter().any(|case| chosen(case)) && own.iter().all(|case| !chosen(case) || case.every().is_some());
    // And no pass counts without a case in which the node stores a fact and shows it again.
    let witnesses = || own.iter().filter(|case| case.is_witness() && case.needs.is_empty());
    let witness = witnesses()
        .find(|case| !case.wants_own_node())
        .or_else(|| witnesses().next());
    let witness = witness
        .filter(|_| own.iter().any(|case| chosen(case)))
        .map(|case| case.id.clone());
    for case in own {
        let drives = all && case.every().is_none() || witness.as_ref() == Some(&case.id);
        if !chosen(case) && !drives {
            continue;
        }
        match why_not(case, target) {
            Some((verdict, reason)) => plan.left_out.push(LeftOut {
                case: case.id.clone(),
                verdict,
                reason,
            }),
            None if matches!(case.body, CaseBody::Every(_)) => plan.rules.push(case.clone()),
            None => plan.cases.push(case.clone()),
        }
    }
    // Order must not matter, so it is another one in each run.
    Draw::new(seed, "order").shuffle(&mut plan.cases);
    Ok(plan)
}

/// Whether it judges a requirement of the profile.
pub fn belongs(case: &Case, registry: &Registry, profile: &str) -> bool {
    case.covers
        .iter()
        .filter_map(|id| registry.get(id))
        .any(|requirement| profiles::holds(profile, requirement))
}

/// A selector is a case id (or the id of its table), an area, a requirement id or the letters of one.
pub fn selects(selector: &str, case: &Case) -> bool {
    case.id == selector
        || case.area == selector
        || case.id.split_once('/').is_some_and(|(table, _)| table == selector)
        || case
            .covers
            .iter()
            .any(|id| id == selector || id.split('-').next() == Some(selector))
}

/// What a target lacks for a case with several nodes or peers.
fn why_not_a_world(world: &WorldWish, target: &Target) -> Option<String> {
    match &target.launch {
        None if world.nodes.len() > 1 => {
            Some("needs several nodes that the kit can start; this one is attached by URL".to_owned())
        }
        Some(launch) if !launch.variants.contains_key(target::FEDERATION) => Some(format!(
            "the target file has no [launch.variants.{}]",
            target::FEDERATION
        )),
        _ => None,
    }
}

/// Why a case cannot be run against this target.
fn why_not(case: &Case, target: &Target) -> Option<(LeftOutAs, String)> {
    if let Some(feature) = case.needs.iter().find(|feature| !target.declares(feature)) {
        return Some((
            LeftOutAs::NotApplicable,
            format!("the target does not declare the feature {feature:?}"),
        ));
    }
    if let Some(feature) = case.lacks.iter().find(|feature| target.declares(feature)) {
        return Some((
            LeftOutAs::NotApplicable,
            format!("the target declares the feature {feature:?}, and this is about targets that do not"),
        ));
    }
    if matches!(case.body, CaseBody::Every(_)) {
        return None;
    }
    let situation = |reason: String| Some((LeftOutAs::Inconclusive, reason));
    if let Some(world) = &case.world {
        return why_not_a_world(world, target).and_then(situation);
    }
    match (&target.launch, &case.node.variant) {
        (None, _) if case.wants_own_node() => {
            situation("needs a node that the kit can start and stop; this one is attached by URL".to_owned())
        }
        (None, Some(variant)) => situation(format!(
            "needs the node's settings changed ({variant}); this one is attached by URL"
        )),
        (Some(launch), Some(variant)) if !launch.variants.contains_key(variant) => {
            situation(format!("the target file has no [launch.variants.{variant}]"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
