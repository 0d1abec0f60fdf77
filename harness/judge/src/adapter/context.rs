//! The context block of section 12.5, read line by line. Pure.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;
use serde_json::{Value, json};

/// A block as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// Of the first heading.
    pub entity: Option<String>,
    pub headings: usize,
    /// The heading is the first line that is not blank.
    pub begins: bool,
    /// Their headings, in order; one that comes twice is there twice.
    pub namespaces: Vec<String>,
    pub facts: Vec<Line>,
    /// Lines that are none of these.
    pub other: Vec<String>,
}

/// The line of a fact, in its parts as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub namespace: String,
    pub relation: String,
    pub entity: String,
    pub value: String,
    pub confidence: Option<String>,
    pub line: String,
}

impl Block {
    /// `None` for a text with nothing in it.
    pub fn read(text: &str) -> Option<Self> {
        let mut block = Self::default();
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        for (n, line) in lines.enumerate() {
            block.add(line, n == 0);
        }
        (block != Self::default()).then_some(block)
    }

    fn add(&mut self, line: &str, is_first: bool) {
        if let Some(entity) = heading(line) {
            self.headings += 1;
            self.begins |= is_first;
            self.entity.get_or_insert_with(|| entity.to_owned());
        } else if let Some(namespace) = line.strip_prefix("### ") {
            self.namespaces.push(namespace.to_owned());
        } else if let Some(fact) = fact(line, self.namespaces.last()) {
            self.facts.push(fact);
        } else {
            self.other.push(line.to_owned());
        }
    }

    /// As patterns see it.
    pub fn seen(&self) -> Value {
        let facts = self.facts.iter().map(|fact| {
            json!({
                "namespace": fact.namespace, "relation": fact.relation, "entity": fact.entity, "value": fact.value,
                "confidence": fact.confidence, "line": fact.line,
            })
        });
        json!({
            "entity": self.entity, "headings": self.headings, "begins": self.begins, "namespaces": self.namespaces,
            "facts": facts.collect::<Vec<_>>(), "other": self.other,
        })
    }

    /// What two blocks have in common that differ only in what is free.
    pub fn settled(&self) -> Value {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for namespace in &self.namespaces {
            groups.entry(namespace).or_default();
        }
        for fact in &self.facts {
            groups.entry(&fact.namespace).or_default().push(&fact.line);
        }
        groups.values_mut().for_each(|lines| lines.sort_unstable());
        json!({
            "entity": self.entity, "headings": self.headings, "begins": self.begins, "groups": groups,
            "namespaces": self.namespaces.len(), "other": self.other,
        })
    }
}

/// The entity of the heading, behind either dash.
fn heading(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("## Stigmem context ")?;
    rest.strip_prefix("— ").or_else(|| rest.strip_prefix("- "))
}

fn fact(line: &str, namespace: Option<&String>) -> Option<Line> {
    let rest = line.strip_prefix("- **")?;
    let (relation, rest) = rest.split_once("** on `")?;
    // An empty value leaves no blank at the end of its line.
    let (entity, value) = rest
        .split_once("`: ")
        .or_else(|| Some((rest.strip_suffix("`:")?, "")))?;
    let told = CONFIDENCE.captures(value);
    let confidence = told.as_ref().map(|told| told[1].to_owned());
    let value = told.map_or(value, |told| &value[..value.len() - told[0].len()]);
    Some(Line {
        namespace: namespace.cloned().unwrap_or_default(),
        relation: relation.to_owned(),
        entity: entity.to_owned(),
        value: value.to_owned(),
        confidence,
        line: line.to_owned(),
    })
}

static CONFIDENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r" _\(confidence: ([^)]*)\)_$").expect("a constant that a test compiles"));

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "## Stigmem context — stigmem://a.example/user/alice\n\n### preference\n- **preference:editor** on `stigmem://a.example/user/alice`: helix\n- **preference:pager** on `stigmem://a.example/user/alice`: (null) _(confidence: 0.85)_\n\n### roadmap\n- **roadmap:constraint** on `p`: a: `b` **c**\n";

    #[test]
    fn a_block_is_read_in_its_parts() {
        let block = Block::read(BLOCK).unwrap();
        assert_eq!(block.entity.as_deref(), Some("stigmem://a.example/user/alice"));
        assert_eq!((block.headings, block.begins), (1, true));
        assert_eq!(block.namespaces, ["preference", "roadmap"]);
        let parts: Vec<_> = block
            .facts
            .iter()
            .map(|fact| (fact.namespace.as_str(), fact.value.as_str(), fact.confidence.as_deref()))
            .collect();
        assert_eq!(
            parts,
            [
                ("preference", "helix", None),
                ("preference", "(null)", Some("0.85")),
                ("roadmap", "a: `b` **c**", None)
            ]
        );
        assert_eq!(block.other, Vec::<String>::new());
    }

    #[test]
    fn what_is_free_makes_no_difference() {
        let other = "\n## Stigmem context - stigmem://a.example/user/alice\n### roadmap\n- **roadmap:constraint** on `p`: a: `b` **c**  \n### preference\n\n- **preference:pager** on `stigmem://a.example/user/alice`: (null) _(confidence: 0.85)_\n- **preference:editor** on `stigmem://a.example/user/alice`: helix";
        assert_eq!(
            Block::read(other).unwrap().settled(),
            Block::read(BLOCK).unwrap().settled()
        );
    }

    #[test]
    fn what_is_not_free_does() {
        let one = Block::read(BLOCK).unwrap().settled();
        for (from, to) in [
            ("—", "–"),
            ("### roadmap\n", ""),
            ("### roadmap", "### preference"),
            (": helix", ": vim"),
            ("0.85", "0.9"),
            ("- **roadmap", "* **roadmap"),
            ("`p`", "p"),
            ("## Stigmem", "Hello\n## Stigmem"),
            ("### roadmap", "## Stigmem context — x\n### roadmap"),
        ] {
            let changed = BLOCK.replace(from, to);
            assert_ne!(Block::read(&changed).unwrap().settled(), one, "{from} {to}");
        }
    }

    #[test]
    fn nothing_is_no_block() {
        assert_eq!(Block::read(" \n\n"), None);
        assert!(Block::read("hello").is_some());
        assert_eq!(Block::read("- **a:b** on `e`:").unwrap().facts[0].value, "");
    }
}
