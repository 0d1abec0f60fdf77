//! The known ways to break a requirement: what the cases must be able to catch. `harness/deviations/README.md` describes the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::Deserialize;

use crate::{data::Data, error::InputError, registry::Registry, schemas::Schemas, world::mask::Rule};

/// A way in which a node can break a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    pub id: String,
    /// Requirements that a case must fail for.
    pub breaks: Vec<String>,
    /// What such a node does, in a sentence.
    pub says: String,
    /// What a mask in front of any node does.
    #[serde(default)]
    pub wire: Vec<Rule>,
    /// Instead of that: policies of the bundled node with their wrong values.
    #[serde(default)]
    pub node: BTreeMap<String, String>,
    /// Or: features that the node has, and that its target file does not name.
    #[serde(default)]
    pub undeclares: Vec<String>,
    /// Requirements that cannot but fall too.
    #[serde(default)]
    pub also: Vec<String>,
    #[serde(default)]
    pub also_because: Option<String>,
    /// The file it stands in.
    #[serde(skip)]
    pub file: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "title")]
    _title: String,
    deviations: Vec<Deviation>,
}

impl Deviation {
    /// What tells the bundled node to deviate.
    pub fn told(&self) -> String {
        let pairs: Vec<String> = self
            .node
            .iter()
            .map(|(policy, value)| format!("{policy}={value}"))
            .collect();
        pairs.join(",")
    }

    /// What deviates.
    pub fn by(&self) -> &'static str {
        match (self.node.is_empty(), self.undeclares.is_empty()) {
            (false, _) => "node",
            (true, false) => "declaration",
            (true, true) => "wire",
        }
    }

    /// Only a node that was built for it can do it.
    pub fn needs_the_node(&self) -> bool {
        !self.node.is_empty()
    }
}

/// The deviations in the program, or those of a folder.
pub fn load(
    folder: Option<&Path>,
    data: &Data,
    schemas: &Schemas,
    registry: &Registry,
) -> Result<Vec<Deviation>, InputError> {
    let mut all: Vec<Deviation> = Vec::new();
    for (name, text) in texts(folder, data)? {
        let value =
            serde_json::from_str(&text).map_err(|error| InputError::at(&name, "", format!("is not JSON: {error}")))?;
        schemas.check_file("deviations", &name, &value)?;
        let file: File = serde_json::from_value(value).map_err(|error| InputError::at(&name, "", error.to_string()))?;
        for (n, mut deviation) in file.deviations.into_iter().enumerate() {
            let wrong = |what: String| InputError::at(&name, &format!("/deviations/{n}"), what);
            check(&deviation, registry).map_err(wrong)?;
            deviation.file.clone_from(&name);
            all.push(deviation);
        }
    }
    let mut seen = BTreeSet::new();
    match all.iter().find(|deviation| !seen.insert(&deviation.id)) {
        Some(twice) => Err(InputError::at(
            &twice.file,
            "",
            format!("{:?} is there twice", twice.id),
        )),
        None => Ok(all),
    }
}

fn texts(folder: Option<&Path>, data: &Data) -> Result<Vec<(String, String)>, InputError> {
    let Some(folder) = folder else {
        let embedded = data.below("deviations/", ".json");
        return Ok(embedded
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect());
    };
    let unreadable = |path: &Path, error: std::io::Error| InputError::new(path, "", format!("cannot be read: {error}"));
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut texts = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|end| end == "json") {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            texts.push((path.display().to_string(), text));
        }
    }
    texts.sort();
    Ok(texts)
}

/// What a schema cannot say.
fn check(deviation: &Deviation, registry: &Registry) -> Result<(), String> {
    for id in deviation.breaks.iter().chain(&deviation.also) {
        match registry.get(id) {
            None => return Err(format!("{}: {id} is no requirement", deviation.id)),
            Some(requirement) if requirement.not_judged.is_some() => {
                return Err(format!("{}: {id} is not judged by any case", deviation.id));
            }
            Some(_) => {}
        }
    }
    let first = deviation.breaks.first().map(|id| id.to_lowercase()).unwrap_or_default();
    if !deviation.id.starts_with(&format!("{first}-")) {
        return Err(format!(
            "{}: its id begins with the first requirement that it breaks, {first}",
            deviation.id
        ));
    }
    if let Some(both) = deviation.also.iter().find(|id| deviation.breaks.contains(id)) {
        return Err(format!("{}: {both} is both broken and falling with it", deviation.id));
    }
    let contradictions = deviation.wire.iter().filter_map(Rule::contradiction);
    match contradictions.into_iter().next() {
        Some(what) => Err(format!("{}: a rule {what}", deviation.id)),
        None => Ok(()),
    }
}
