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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::tests::{OLD, large, old_and_new, report, sources};

    #[test]
    fn a_page_holds_each_report_against_the_base() {
        let sources = old_and_new();
        let page = render(&compare::groups(&sources)).unwrap();
        for part in [
            "<header class=\"head bad\">",
            "<p class=\"conclusion\">broken: 1 requirement, 1 case; newly inconclusive: 1 case",
            "<td><b>old 1.0</b> <small>the base</small>",
            "<td><b>new 1.0</b><small class=\"line\">",
            "<th scope=\"row\">unchanged</th><td class=\"num\">1</td><td class=\"num\">2</td>",
            "<h2 id=\"matrix-title-1\">Profile core: 4 requirements, 6 cases</h2>",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("would make this page too large"));
        let same = sources_of_one_node();
        let page = render(&compare::groups(&same)).unwrap();
        assert!(page.contains("<header class=\"head neutral\">"));
    }

    fn sources_of_one_node() -> Vec<compare::Source> {
        sources(vec![report("a", OLD), report("a", OLD)])
    }

    #[test]
    fn an_index_holds_nothing_against_anything() {
        let sources = old_and_new();
        let page = index(&compare::groups(&sources)).unwrap();
        for part in [
            "<h1>2 reports</h1>",
            "<p class=\"conclusion\">profiles: core</p>",
            "<header class=\"head neutral\">",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("the base") && !page.contains("id=\"changes\""));
    }

    #[test]
    fn what_a_page_has_no_room_for_is_counted() {
        let sources = sources(vec![
            large("old", 2_200, 2_200),
            large("new", 2_200, 1),
            large("newer", 2_200, 1),
        ]);
        let page = render(&compare::groups(&sources)).unwrap();
        assert!(page.len() < 2_000_000, "{} bytes", page.len());
        assert!(page.contains(" messages would make this page too large; the single reports have them."));
        assert!(page.contains(" more would make this page too large; the matrix below has them."));
    }
}
