//! The rules that a program can check about spec and vectors together.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Case, CaseBody, Check, Credential, Expect, Step, Vectors, Verb};
use crate::{
    adapter::{
        case::{AdapterCase, NAMES},
        operation,
    },
    bindings::Bindings,
    error::InputError,
    judge::pattern,
    registry::{ADAPTER, Level, Registry},
    schemas::Schemas,
};

/// Everything that is wrong; an empty list is a clean bill.
pub fn lint(vectors: &Vectors, registry: &Registry, schemas: &Schemas, features: &[&str]) -> Vec<InputError> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for case in &vectors.cases {
        if let Some(other) = seen.insert(&case.id, &case.file) {
            problems.push(problem(case, format!("the id {:?} is also used in {other}", case.id)));
        }
        lint_covers(case, registry, &mut problems);
        lint_case(case, schemas, features, &mut problems);
    }
    for requirement in &registry.requirements {
        if registry.retired.contains(&requirement.id) {
            problems.push(InputError::at(
                &requirement.file,
                "",
                format!("{} is retired and must not come back", requirement.id),
            ));
        }
        let judged = vectors.cases.iter().any(|case| case.covers.contains(&requirement.id));
        let excused = requirement.not_judged.as_ref().or(requirement.pending.as_ref());
        match (excused, judged) {
            (None, false) => problems.push(InputError::at(
                &requirement.file,
                "",
                format!(
                    "{} has no case; write one, or add a line `> not judged: <reason>` or `> pending: <what is missing>`",
                    requirement.id
                ),
            )),
            (Some(_), true) => problems.push(InputError::at(
                &requirement.file,
                "",
                format!("{} is marked as not judged or pending, but has a case", requirement.id),
            )),
            _ => {}
        }
    }
    problems
}

fn problem(case: &Case, message: impl Into<String>) -> InputError {
    InputError::at(&case.file, &case.pointer, format!("{}: {}", case.id, message.into()))
}

fn lint_covers(case: &Case, registry: &Registry, problems: &mut Vec<InputError>) {
    let mut levels = BTreeSet::new();
    for id in &case.covers {
        match registry.get(id) {
            None => problems.push(problem(case, format!("covers {id}, which no block in spec/ defines"))),
            Some(requirement) => {
                levels.insert(if requirement.level.is_must() {
                    Level::Must
                } else {
                    requirement.level
                });
                if let Some(feature) = &requirement.feature
                    && !case.needs.contains(feature)
                {
                    problems.push(problem(
                        case,
                        format!("covers {id}, which holds when {feature:?}: the case must need it too"),
                    ));
                }
                if let Some(feature) = &requirement.unless
                    && !case.lacks.contains(feature)
                {
                    problems.push(problem(
                        case,
                        format!("covers {id}, which holds unless {feature:?}: the case must lack it too"),
                    ));
                }
            }
        }
    }
    if levels.len() > 1 {
        problems.push(problem(case, "covers requirements of different levels"));
    }
    let mut covered = case.covers.iter().filter_map(|id| registry.get(id));
    if covered.any(|requirement| (requirement.actor == ADAPTER) != case.adapter().is_some()) {
        problems.push(problem(
            case,
            "cases in vectors/adapter are about adapters, and all others about nodes",
        ));
    }
}

fn lint_case(case: &Case, schemas: &Schemas, features: &[&str], problems: &mut Vec<InputError>) {
    if case.why.split_whitespace().count() < 4 {
        problems.push(problem(case, "`why` says in a sentence what goes wrong for people"));
    }
    let conditions = case.adapter().map(|_| operation::conditions());
    let is_known = |feature: &String| match &conditions {
        Some(conditions) => conditions.contains(feature),
        None => features.contains(&feature.as_str()),
    };
    for feature in case
        .needs
        .iter()
        .chain(&case.lacks)
        .filter(|&feature| !is_known(feature))
    {
        problems.push(problem(
            case,
            format!("names the feature {feature:?}, which spec/ does not know"),
        ));
    }
    match &case.body {
        CaseBody::Adapter(adapter) => lint_adapter(case, adapter, problems),
        CaseBody::Every(every) => {
            lint_expect(case, &every.filter, schemas, problems);
            if let Check::Expect(expect) = &every.check {
                if **expect == Expect::default() {
                    problems.push(problem(case, "a rule about everything expects something"));
                }
                lint_expect(case, expect, schemas, problems);
            }
        }
        CaseBody::Steps(steps) => {
            if !steps.iter().any(judges) {
                problems.push(problem(case, "no step judges anything: give one an `expect`"));
            }
            let mut names = known_names(case);
            let mut control = false;
            for (n, step) in steps.iter().enumerate() {
                lint_step(case, n, step, &names, control, schemas, problems);
                names.extend(step.save.clone());
                control |= step.control;
            }
        }
    }
}

fn lint_adapter(case: &Case, adapter: &AdapterCase, problems: &mut Vec<InputError>) {
    if !adapter.steps.iter().any(|step| step.expect.is_some()) {
        problems.push(problem(case, "no step judges anything: give one an `expect`"));
    }
    let nodes = adapter.steps.iter().map(|step| &step.source["node"]);
    for rule in nodes
        .chain([&adapter.node])
        .flat_map(|node| node["answers"].as_array().into_iter().flatten())
    {
        if let Some(Err(malformed)) = rule.get("to").map(pattern::check) {
            problems.push(problem(case, format!("a rule of the node: {malformed}")));
        }
    }
    let mut names: BTreeSet<String> = NAMES.map(str::to_owned).into();
    for (n, step) in adapter.steps.iter().enumerate() {
        let mut say = |message: String| problems.push(problem(case, format!("step {}: {message}", n + 1)));
        let mut used = BTreeSet::new();
        texts(&step.source, &mut |text| used.extend(names_in(text).map(str::to_owned)));
        for name in used.difference(&names) {
            say(format!("names {{{name}}}, which nothing before it defines"));
        }
        for (place, pattern) in step.patterns() {
            if let Err(malformed) = pattern::check(pattern) {
                say(format!("{place}: {malformed}"));
            }
        }
        names.extend(step.save.clone());
    }
}

fn judges(step: &Step) -> bool {
    !step.prepares()
}

fn known_names(case: &Case) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = ["ns", "tag", "url", "host", "port", "i"].map(str::to_owned).into();
    names.extend(case.times.keys().cloned());
    if let Some(world) = &case.world {
        names.extend(world.nodes.iter().cloned());
        names.extend(world.peers.keys().cloned());
        names.insert("token".to_owned());
    }
    if !case.row.is_empty() {
        names.insert("row".to_owned());
    }
    names
}

fn lint_step(
    case: &Case,
    n: usize,
    step: &Step,
    names: &BTreeSet<String>,
    control: bool,
    schemas: &Schemas,
    problems: &mut Vec<InputError>,
) {
    let mut say = |message: String| problems.push(problem(case, format!("step {}: {message}", n + 1)));
    if matches!(step.verb, Verb::Refuse(_)) && !control {
        say("refuses an edit of a control, but no step before is marked `control`".to_owned());
    }
    if let Credential::Named(name) = &step.credential
        && !case.keys.contains_key(name)
    {
        say(format!("uses the key {name:?}, which the case does not define"));
    }
    if let Some(name) = step.save.as_ref().filter(|name| case.times.contains_key(*name)) {
        say(format!("saves as {name:?}, which is one of the case's times"));
    }
    let mut used = BTreeSet::new();
    texts(&step.source, &mut |text| used.extend(names_in(text).map(str::to_owned)));
    for name in used.iter().filter(|name| !names.contains(*name)) {
        say(format!("names {{{name}}}, which nothing before it defines"));
    }
    if !case.wants_own_node() && looks_at_a_whole_scope(step) {
        say(
            "looks at a whole scope, in which other cases write too: give it a filter that is its own, or the case a node"
                .to_owned(),
        );
    }
    if let Some(expect) = step.expectation() {
        lint_expect(case, expect, schemas, problems);
    }
}

/// The routes that are about a whole scope, and the members that make them about less.
const WIDE: [(&str, &[&str]); 3] = [
    ("/v1/lint", &["entity", "relation"]),
    ("/v1/decay/sweep", &["policy_id"]),
    ("/v1/synthesis", &["entity"]),
];

fn looks_at_a_whole_scope(step: &Step) -> bool {
    let request = match &step.verb {
        Verb::Until { step, .. } => return looks_at_a_whole_scope(step),
        Verb::Request(request) | Verb::AtOnce { request, .. } => request,
        _ => return false,
    };
    // What is a case's own has a name in it that is filled in for that case.
    let is_own = |member: &str| {
        let value = request.json.as_ref().and_then(|body| body.get(member));
        value.and_then(Value::as_str).is_some_and(|text| text.contains('{'))
    };
    WIDE.iter()
        .any(|(path, filters)| request.path == *path && !filters.iter().any(|filter| is_own(filter)))
}

/// Calls `see` with every text of a value, member names included.
fn texts(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, see)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            see(name);
            texts(value, see);
        }),
        _ => {}
    }
}

/// The heads of all `{head.rest}` in a text.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        let head = name.split('.').next()?;
        let plain = !name.is_empty()
            && name
                .chars()
                .all(|char| char.is_ascii_alphanumeric() || "._-".contains(char));
        (plain && head.starts_with(|char: char| char.is_ascii_lowercase())).then_some(head)
    })
}

fn lint_expect(case: &Case, expect: &Expect, schemas: &Schemas, problems: &mut Vec<InputError>) {
    if let Some(Some(schema)) = &expect.schema
        && !schemas.contains(schema)
    {
        problems.push(problem(
            case,
            format!("expects the schema {schema:?}, which schemas/ does not hold"),
        ));
    }
    // A row may bring patterns of its own.
    let mut bindings = Bindings::default();
    bindings.set("row", Value::Object(case.row.clone()));
    for (place, pattern) in expect.patterns() {
        let wrong = match bindings.fill_value(pattern) {
            Ok(filled) => pattern::check(&filled).err().map(|malformed| malformed.to_string()),
            Err(unbound) => Some(unbound.to_string()),
        };
        problems.extend(wrong.map(|wrong| problem(case, format!("expect{place}: {wrong}"))));
    }
}

#[cfg(test)]
mod tests;
