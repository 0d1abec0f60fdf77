//! Which nodes are judged: one target, or one for each node of a world.

use std::{collections::BTreeMap, path::Path};

use super::{
    Edition,
    run::{DEFAULT_PROFILE, RunArgs},
};
use crate::{
    error::{InputError, RunError},
    target::Target,
};

/// The target, and those of single nodes of a world by their names.
pub(super) struct Targets {
    pub(super) main: Target,
    pub(super) named: BTreeMap<String, Target>,
}

impl Targets {
    pub(super) fn choose(args: &RunArgs, edition: &Edition) -> Result<Self, RunError> {
        if let Some(url) = &args.url {
            let main = Target::at_url(
                url,
                args.key_env.clone(),
                args.admin_key_env.clone(),
                args.feature.clone(),
            )?;
            return Ok(Self {
                main: settled(main, edition)?,
                named: BTreeMap::new(),
            });
        }
        let targets = Self::of_files(&args.target, edition)?;
        if !targets.named.is_empty() && args.profile == DEFAULT_PROFILE {
            let what =
                "targets with names are for profiles in which nodes talk to each other: add --profile federation";
            return Err(InputError::at("--target", "", what).into());
        }
        Ok(targets)
    }

    /// From files, some of them for single nodes: `b=mine.toml`.
    pub(super) fn of_files(given: &[String], edition: &Edition) -> Result<Self, RunError> {
        let mut main = None;
        let mut named = BTreeMap::new();
        for given in given {
            let (name, file) = split(given);
            let target = settled(read(file, edition)?, edition)?;
            let twice = match name {
                None => main.replace(target).is_some(),
                Some(name) => named.insert(name.to_owned(), target).is_some(),
            };
            if twice {
                let what = format!(
                    "{given:?}: there is a target for that already; several want names: --target a=… --target b=…"
                );
                return Err(InputError::at("--target", "", what).into());
            }
        }
        let first = || named.values().next().cloned();
        let main = match main.or_else(first) {
            Some(main) => main,
            None => settled(Target::bundled(&edition.data, &edition.schemas)?, edition)?,
        };
        Ok(Self {
            main: mixed(main, &named),
            named,
        })
    }
}

/// `b=mine.toml` has a name before a file.
fn split(given: &str) -> (Option<&str>, &str) {
    let is_name = |name: &str| {
        let mut chars = name.chars();
        chars.next().is_some_and(|char| char.is_ascii_lowercase())
            && chars.all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
    };
    match given.split_once('=') {
        Some((name, file)) if is_name(name) => (Some(name), file),
        _ => (None, given),
    }
}

fn read(file: &str, edition: &Edition) -> Result<Target, InputError> {
    match file {
        "bundled" => Target::bundled(&edition.data, &edition.schemas),
        file => Target::read(Path::new(file), &edition.schemas),
    }
}

fn settled(mut target: Target, edition: &Edition) -> Result<Target, InputError> {
    target.version = target.version.replace("{kit_version}", env!("CARGO_PKG_VERSION"));
    let known = edition.registry.features();
    match target
        .features
        .iter()
        .find(|feature| !known.contains(&feature.as_str()))
    {
        Some(feature) => {
            let what = format!("{feature:?} is no optional feature; there are {known:?}");
            Err(InputError::at("--feature", "", what))
        }
        None => Ok(target),
    }
}

/// What is said of several targets as one: their names, and the features that all of them have.
fn mixed(mut main: Target, named: &BTreeMap<String, Target>) -> Target {
    if named.is_empty() {
        return main;
    }
    let names = named
        .iter()
        .map(|(name, target)| format!("{name}={} {}", target.name, target.version));
    main.name = names.collect::<Vec<_>>().join(", ");
    main.version = String::new();
    main.features
        .retain(|feature| named.values().all(|target| target.declares(feature)));
    main
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_name_stands_before_a_file() {
        assert_eq!(split("a=mine.toml"), (Some("a"), "mine.toml"));
        assert_eq!(split("mine.toml"), (None, "mine.toml"));
        assert_eq!(split("/tmp/x=y/mine.toml"), (None, "/tmp/x=y/mine.toml"));
        assert_eq!(split("=mine.toml"), (None, "=mine.toml"));
    }
}
