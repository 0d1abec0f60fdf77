//! The requirement blocks of `spec/*.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{data::Data, error::InputError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Must,
    #[serde(rename = "MUST NOT")]
    MustNot,
    Should,
    May,
}

impl Level {
    pub fn is_must(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::MustNot => "MUST NOT",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// One obligation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    pub id: String,
    pub level: Level,
    pub actor: String,
    pub profile: String,
    /// The optional feature it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// The optional feature without which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<String>,
    pub text: String,
    /// Why no case judges it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
    /// What its cases wait for. Until they are there, no node is conformant.
    pub pending: Option<String>,
    /// The behaviours that the specification leaves open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// `spec/03-semantics.md`, and the heading it stands under.
    pub file: String,
    pub section: String,
}

impl Requirement {
    /// `SEM` of `SEM-07`.
    pub fn area(&self) -> &str {
        self.id.split('-').next().unwrap_or_default()
    }
}

/// All requirements, in the order of the files and of their blocks.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    pub requirements: Vec<Requirement>,
    places: BTreeMap<String, usize>,
    /// Ids that were given once and must not come back.
    pub retired: Vec<String>,
}

impl Registry {
    pub fn load(data: &Data) -> Result<Self, InputError> {
        let mut registry = Self::default();
        for (file, text) in data.below("spec/", ".md") {
            for requirement in parse(file, text)? {
                let place = registry.requirements.len();
                if registry.places.insert(requirement.id.clone(), place).is_some() {
                    return Err(InputError::at(file, "", format!("{} is given twice", requirement.id)));
                }
                registry.requirements.push(requirement);
            }
        }
        let retired = data.get("spec/retired-ids.txt").unwrap_or_default();
        registry.retired = retired
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        Ok(registry)
    }

    /// The optional features of nodes that requirements hang on.
    pub fn features(&self) -> Vec<&str> {
        let mut features: Vec<&str> = self
            .requirements
            .iter()
            .filter(|requirement| requirement.actor == NODE)
            .flat_map(|requirement| [requirement.feature.as_deref(), requirement.unless.as_deref()])
            .flatten()
            .collect();
        features.sort_unstable();
        features.dedup();
        features
    }

    /// Whether a profile has requirements of this actor.
    pub fn judges(&self, profile: &str, actor: &str) -> bool {
        let mut all = self.requirements.iter();
        all.any(|requirement| requirement.profile == profile && requirement.actor == actor)
    }

    pub fn get(&self, id: &str) -> Option<&Requirement> {
        self.places.get(id).map(|place| &self.requirements[*place])
    }
}

/// The blocks of one file. A block is a blockquote that starts with a bold id.
pub fn parse(file: &str, text: &str) -> Result<Vec<Requirement>, InputError> {
    let mut found: Vec<Requirement> = Vec::new();
    let mut section = String::new();
    let mut open = false;
    let mut fenced = false;
    for (n, line) in text.lines().enumerate() {
        let fail = |message: String| InputError::at(format!("{file}:{}", n + 1), "", message);
        // A block inside a code fence is an example.
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim().to_owned();
        }
        let Some(quoted) = line.strip_prefix('>').map(str::trim) else {
            open = false;
            continue;
        };
        if let Some(head) = quoted.strip_prefix("**") {
            found.push(parse_head(head, file, &section).map_err(fail)?);
            open = true;
        } else if open && let Some(block) = found.last_mut() {
            add_line(block, quoted);
        }
    }
    match found.iter().find(|block| block.text.is_empty()) {
        Some(block) => Err(InputError::at(file, "", format!("{} has no text", block.id))),
        None => Ok(found),
    }
}

fn parse_head(head: &str, file: &str, section: &str) -> Result<Requirement, String> {
    let fields: Vec<&str> = head.split('·').map(str::trim).collect();
    let [id, level, actor, profile, rest @ ..] = &fields[..] else {
        return Err("a block starts with `**ID** · LEVEL · actor · profile`".to_owned());
    };
    let id = id.trim_end_matches('*');
    if !is_id(id) {
        return Err(format!(
            "{id:?} is not an id: capital letters, a dash, two or three digits"
        ));
    }
    let level = match *level {
        "MUST" => Level::Must,
        "MUST NOT" => Level::MustNot,
        "SHOULD" => Level::Should,
        "MAY" => Level::May,
        other => return Err(format!("{other:?} is not a level")),
    };
    if !ACTORS.contains(actor) {
        return Err(format!("{actor:?} is not an actor; there are {ACTORS:?}"));
    }
    let (feature, unless) = match rest {
        [] => (None, None),
        [one] => condition(one)?,
        _ => return Err("a block has at most five fields".to_owned()),
    };
    Ok(Requirement {
        id: id.to_owned(),
        level,
        actor: (*actor).to_owned(),
        profile: (*profile).to_owned(),
        feature,
        unless,
        text: String::new(),
        not_judged: None,
        pending: None,
        open: None,
        file: file.to_owned(),
        section: section.to_owned(),
    })
}

fn add_line(block: &mut Requirement, line: &str) {
    let into = if let Some(reason) = line.strip_prefix("not judged:") {
        block.not_judged = Some(reason.trim().to_owned());
        return;
    } else if let Some(missing) = line.strip_prefix("pending:") {
        block.pending = Some(missing.trim().to_owned());
        return;
    } else if let Some(behaviours) = line.strip_prefix("open:") {
        block.open = Some(behaviours.trim().to_owned());
        return;
    } else if let Some(open) = &mut block.open {
        open
    } else if let Some(reason) = &mut block.not_judged {
        reason
    } else if let Some(missing) = &mut block.pending {
        missing
    } else {
        &mut block.text
    };
    if !into.is_empty() && !line.is_empty() {
        into.push(' ');
    }
    into.push_str(line);
}

/// The feature that a block wants declared, or not declared.
fn condition(field: &str) -> Result<(Option<String>, Option<String>), String> {
    let feature = |word: &str| field.strip_prefix(word).map(|feature| feature.trim().to_owned());
    match (feature("when "), feature("unless ")) {
        (None, None) => Err("the fifth field is `when <feature>` or `unless <feature>`".to_owned()),
        found => Ok(found),
    }
}

/// `SEM-07`: capital letters, a dash, digits.
pub fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(area, number)| {
        (2..=6).contains(&area.len())
            && area.bytes().all(|byte| byte.is_ascii_uppercase())
            && (2..=3).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Who has obligations.
pub const NODE: &str = "node";
pub const ADAPTER: &str = "adapter";
const ACTORS: [&str; 2] = [NODE, ADAPTER];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_with_all_its_lines() {
        let text = "## 3.2 Retraction\n\n> **SEM-07** · MUST NOT · node · core · when include-retracted\n> First line,\n> second line.\n> open: this\n> or that\n\n> just a quotation\n\n```\n> **SEM-08** · MUST · node · core\n```\n";
        let blocks = parse("spec/x.md", text).unwrap();
        assert_eq!(blocks.len(), 1);
        let block = &blocks[0];
        assert_eq!(
            (block.id.as_str(), block.level, block.area()),
            ("SEM-07", Level::MustNot, "SEM")
        );
        assert_eq!(block.feature.as_deref(), Some("include-retracted"));
        assert_eq!(block.text, "First line, second line.");
        assert_eq!(block.open.as_deref(), Some("this or that"));
        assert_eq!(block.section, "3.2 Retraction");
    }

    #[test]
    fn a_wrong_head_names_its_line() {
        for head in [
            "> **sem-7** · MUST · node · core",
            "> **SEM-07** · SHALL · node · core",
            "> **SEM-07** · MUST · node",
            "> **SEM-07** · MUST · node · core · maybe",
            "> **SEM-07** · MUST · nodes · core",
        ] {
            let error = parse("spec/x.md", &format!("\n{head}\n> Text.\n")).unwrap_err();
            assert_eq!(error.place, "spec/x.md:2", "{head}");
        }
    }

    #[test]
    fn a_block_without_text_is_refused() {
        assert!(parse("spec/x.md", "> **SEM-07** · MUST · node · core\n").is_err());
    }

    #[test]
    fn a_level_has_the_word_of_the_specification() {
        for (level, word, is_must) in [
            (Level::Must, "MUST", true),
            (Level::MustNot, "MUST NOT", true),
            (Level::Should, "SHOULD", false),
            (Level::May, "MAY", false),
        ] {
            assert_eq!((level.word(), level.is_must()), (word, is_must));
            assert_eq!(serde_json::to_value(level).unwrap(), word);
            let blocks = parse("spec/x.md", &format!("> **SEM-07** · {word} · node · core\n> Text.\n")).unwrap();
            assert_eq!((blocks[0].level, blocks[0].feature.as_deref()), (level, None));
        }
    }

    #[test]
    fn an_id_is_capital_letters_a_dash_and_digits() {
        for id in ["SEM-07", "AB-01", "ABCDEF-123"] {
            assert!(is_id(id), "{id}");
        }
        for other in [
            "",
            "-",
            "SEM",
            "SEM-",
            "-07",
            "SEM07",
            "A-01",
            "ABCDEFG-01",
            "sem-07",
            "SeM-07",
            "ÄB-01",
            "SEM-7",
            "SEM-1234",
            "SEM-0x",
            "SEM-07-08",
        ] {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn an_example_ends_with_its_fence() {
        let text = "```\n> **SEM-08** · MUST · node · core\n```\n> **SEM-09** · MUST · node · core\n> Text.\n";
        let blocks = parse("spec/x.md", text).unwrap();
        let ids: Vec<&str> = blocks.iter().map(|block| block.id.as_str()).collect();
        assert_eq!(ids, ["SEM-09"]);
    }

    #[test]
    fn what_a_block_says_beside_its_text_runs_over_lines_too() {
        let text = "> **SEM-07** · MUST · node · core\n> First line,\n>\n> second line.\n> not judged: nobody\n> sees it\n\n\
                    > **SEM-08** · MUST · node · core\n> Text.\n> pending: a case\n> that waits\n";
        let blocks = parse("spec/x.md", text).unwrap();
        assert_eq!(blocks[0].text, "First line, second line.");
        assert_eq!(blocks[0].not_judged.as_deref(), Some("nobody sees it"));
        assert_eq!(blocks[1].pending.as_deref(), Some("a case that waits"));
    }

    fn registry(files: &[(&str, &str)]) -> Result<Registry, InputError> {
        let files = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        Registry::load(&Data::of(files))
    }

    const SEMANTICS: (&str, &str) = (
        "spec/03-semantics.md",
        "> **SEM-01** · MUST · node · core · unless past\n> Text.\n",
    );

    #[test]
    fn the_blocks_of_all_files_are_one_registry() {
        let registry = registry(&[
            SEMANTICS,
            (
                "spec/02-http.md",
                "> **HTTP-01** · SHOULD · node · core · when etags\n> Text.\n\n> **HTTP-02** · MUST · node · core · when etags\n> Text.\n",
            ),
            ("spec/retired-ids.txt", "# Given once.\n\nSEM-02\n  SEM-03 \n#SEM-04\n"),
            ("notes/x.md", "> **CID-01** · MUST · node · core\n> Text.\n"),
        ])
        .unwrap();
        let ids: Vec<&str> = registry.requirements.iter().map(|found| found.id.as_str()).collect();
        assert_eq!(ids, ["HTTP-01", "HTTP-02", "SEM-01"]);
        assert_eq!(registry.features(), ["etags", "past"]);
        assert_eq!(registry.retired, ["SEM-02", "SEM-03"]);
        let found = registry.get("SEM-01").unwrap();
        assert_eq!(
            (found.file.as_str(), found.unless.as_deref()),
            (SEMANTICS.0, Some("past"))
        );
        assert_eq!(registry.get("SEM-02"), None);
    }

    #[test]
    fn what_is_asked_of_adapters_is_kept_apart() {
        let registry = registry(&[
            SEMANTICS,
            (
                "spec/08-adapters.md",
                "> **ADPT-01** · MUST · adapter · adapter · when hooks\n> Text.\n",
            ),
        ])
        .unwrap();
        for (profile, actor, judges) in [
            ("core", NODE, true),
            ("core", ADAPTER, false),
            ("adapter", NODE, false),
            ("adapter", ADAPTER, true),
            ("lint", NODE, false),
        ] {
            assert_eq!(registry.judges(profile, actor), judges, "{profile} {actor}");
        }
        assert_eq!(
            registry.features(),
            ["past"],
            "a condition of adapters is no feature of nodes"
        );
    }

    #[test]
    fn an_id_is_given_once() {
        let error = registry(&[SEMANTICS, ("spec/04-more.md", SEMANTICS.1)]).unwrap_err();
        assert_eq!(error.to_string(), "spec/04-more.md: SEM-01 is given twice");
    }
}
