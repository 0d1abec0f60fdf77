//! Reports side by side as one page that needs nothing but a browser. Reports and requirements stand in the text; what became of
//! each case is a block of data, which the script unfolds below its requirement.

mod block;
mod page;

use askama::Template;

use super::hash;
use crate::{
    compare::{self, Group},
    error::RunError,
    report::{comparison, curl::visible, figures},
};
use page::{GridPart, PairPart, ReportPart};

/// Each report against the first of its profile, and all of them in one matrix.
pub fn render(groups: &[Group<'_>]) -> Result<String, RunError> {
    let heading = Heading {
        eyebrow: "Stigmem conformance kit · reports compared",
        title: "Reports compared".to_owned(),
        conclusion: comparison::conclusion(groups),
        mood: if compare::is_worse(groups) { "bad" } else { "neutral" },
        notes: compare::notes(groups),
    };
    document(groups, heading, page::pairs(groups))
}

/// All reports in one matrix, none held against another.
pub fn index(groups: &[Group<'_>]) -> Result<String, RunError> {
    let count: usize = groups.iter().map(|group| group.columns.len()).sum();
    let profiles: Vec<&str> = groups.iter().map(|group| group.profile).collect();
    let heading = Heading {
        eyebrow: "Stigmem conformance kit · reports",
        title: figures::counted(count, "report"),
        conclusion: format!("profiles: {}", profiles.join(", ")),
        mood: "neutral",
        notes: compare::differences(groups),
    };
    document(groups, heading, Vec::new())
}

fn document(groups: &[Group<'_>], heading: Heading, pairs: Vec<PairPart>) -> Result<String, RunError> {
    let block = block::Block::of(groups).map_err(|error| figures::unwritable("HTML", error))?;
    let document = Document {
        heading,
        reports: page::reports(groups, !pairs.is_empty()),
        pairs,
        grids: groups.iter().map(GridPart::of).collect(),
        unsaid: (block.unsaid > 0).then(|| figures::counted(block.unsaid, "message")),
        block: block.json,
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
    };
    let html = document.render().map_err(|error| figures::unwritable("HTML", error))?;
    Ok(visible(&html, usize::MAX))
}

struct Heading {
    eyebrow: &'static str,
    title: String,
    conclusion: String,
    mood: &'static str,
    notes: Vec<String>,
}

#[derive(Template)]
#[template(path = "comparison.html")]
struct Document<'a> {
    heading: Heading,
    reports: Vec<ReportPart<'a>>,
    /// None on a page that holds no report against another.
    pairs: Vec<PairPart>,
    grids: Vec<GridPart<'a>>,
    /// JSON that has been made safe for a script element.
    block: String,
    /// Messages for which the block has no room.
    unsaid: Option<String>,
    style: &'static str,
    script: &'static str,
    style_hash: String,
    script_hash: String,
}

const STYLE: &str = concat!(
    include_str!("../../../templates/report.css"),
    include_str!("../../../templates/comparison.css")
);
const SCRIPT: &str = include_str!("../../../templates/comparison.js");
