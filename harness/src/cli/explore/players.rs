//! Which targets can be nodes of a history.

use super::super::targets::Targets;
use crate::{
    error::InputError,
    explore::history::NAMES,
    target::{self, Target},
};

/// Each target, and the names of nodes that targets are given for. `nodes` is how many there are, where that is known.
pub(super) fn check(targets: &Targets, nodes: Option<usize>) -> Result<(), InputError> {
    let names = &NAMES[..nodes.unwrap_or(NAMES.len())];
    if let Some(name) = targets
        .named
        .keys()
        .find(|name| nodes.is_some() && !names.contains(&name.as_str()))
    {
        let what = format!("{name}: there is no such node; the nodes are {}", names.join(", "));
        return Err(InputError::at("--target", "", what));
    }
    // With names for all nodes the other target plays nowhere, and is one of them.
    targets.named.values().chain([&targets.main]).try_for_each(federates)
}

fn federates(target: &Target) -> Result<(), InputError> {
    let lacks = match &target.launch {
        None => "explore starts, kills and cuts off its nodes, and this one is attached by URL".to_owned(),
        Some(launch) if !launch.variants.contains_key(target::FEDERATION) => {
            format!("the target file has no [launch.variants.{}]", target::FEDERATION)
        }
        Some(_) => match &target.federation {
            Some(federation) if !federation.register.is_empty() => return Ok(()),
            _ => "the target file has no `federation.register`, so its nodes cannot be registered".to_owned(),
        },
    };
    Err(InputError::at("--target", "", format!("{}: {lacks}", target.name)))
}
