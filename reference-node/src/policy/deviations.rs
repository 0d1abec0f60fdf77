//! How a deviating node is told what to do wrong.

use std::{env, fs, sync::LazyLock};

/// Wrong values, `Policy=Value`, separated by commas.
pub(crate) const VARIABLE: &str = "STIGMEM_DEVIATION";

/// A file that is made when a rule asks for a wrong value: a deviation that nothing asked for showed nothing.
const ASKED: &str = "STIGMEM_DEVIATION_ASKED";

static TOLD: LazyLock<String> = LazyLock::new(|| env::var(VARIABLE).unwrap_or_default());

/// Every policy with its wrong values.
pub(crate) fn known() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    super::AREAS.iter().copied().flatten().copied()
}

/// The value that a policy was told to take.
pub(super) fn value(policy: &str) -> Option<&'static str> {
    let (_, value) = pairs(&TOLD).find(|(name, _)| *name == policy)?;
    if let Some(mark) = env::var_os(ASKED) {
        // Without the mark the deviation counts as void, which somebody will look into.
        let _ = fs::write(mark, value);
    }
    Some(value)
}

fn pairs(told: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = told.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Whether what was told can be done; a node that ignored it would pass for one that deviates.
pub(crate) fn check() -> Result<(), String> {
    for (name, value) in pairs(&TOLD) {
        let wrong = known().find(|(policy, _)| *policy == name).map(|(_, wrong)| wrong);
        let Some(wrong) = wrong else {
            return Err(format!("{VARIABLE}: there is no policy {name}"));
        };
        if !wrong.contains(&value) {
            return Err(format!(
                "{VARIABLE}: {name} has the wrong values {}, not {value}",
                wrong.join(", ")
            ));
        }
    }
    Ok(())
}
