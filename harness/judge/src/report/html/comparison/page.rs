//! The parts of the page that stand in the text.

use super::block::letter;
use crate::{
    compare::{Change, Changed, Group, Links, Pair, RequirementRow},
    report::{comparison, curl::visible, figures},
};

pub(super) struct ReportPart<'a> {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) profile: &'a str,
    /// What the others of its profile are held against.
    pub(super) base: bool,
    pub(super) conclusion: &'static str,
    pub(super) denominator: String,
    pub(super) tally: String,
    pub(super) kit: String,
    pub(super) seed: u64,
    pub(super) begun: String,
    pub(super) place: String,
    pub(super) links: &'a Links,
}

pub(super) struct PairPart {
    pub(super) title: String,
    pub(super) counts: Vec<CountPart>,
    pub(super) changes: Vec<ChangePart>,
}

pub(super) struct CountPart {
    pub(super) word: &'static str,
    pub(super) meaning: &'static str,
    pub(super) requirements: usize,
    pub(super) cases: usize,
}

pub(super) struct ChangePart {
    pub(super) word: &'static str,
    pub(super) lines: Vec<LinePart>,
    /// Lines that would make the page too large.
    pub(super) more: usize,
    pub(super) open: bool,
}

pub(super) struct LinePart {
    pub(super) way: String,
    pub(super) id: String,
    /// Not a case: it can be linked to on this page.
    pub(super) requirement: bool,
    pub(super) text: String,
}

pub(super) struct GridPart<'a> {
    pub(super) profile: &'a str,
    pub(super) columns: Vec<(usize, String, Option<&'a str>)>,
    pub(super) rows: Vec<RowPart<'a>>,
    /// How much there is of what.
    pub(super) size: String,
}

pub(super) struct RowPart<'a> {
    pub(super) id: &'a str,
    pub(super) level: &'static str,
    pub(super) text: String,
    /// A class and a word for each report.
    pub(super) cells: Vec<(char, &'static str)>,
}

/// Where nothing is compared there is no base.
pub(super) fn reports<'a>(groups: &'a [Group<'_>], compared: bool) -> Vec<ReportPart<'a>> {
    let parts = groups.iter().flat_map(|group| {
        group.columns.iter().enumerate().map(|(n, column)| {
            let report = &column.source.report;
            ReportPart {
                number: column.number,
                name: comparison::name(column),
                profile: group.profile,
                base: compared && n == 0 && !group.pairs.is_empty(),
                conclusion: report.conclusion.sentence(),
                denominator: figures::denominator(report),
                tally: figures::tally(report),
                kit: figures::flat(&report.kit),
                seed: report.seed,
                begun: figures::flat(&report.started),
                place: figures::flat(&column.source.place),
                links: &column.source.links,
            }
        })
    });
    let mut parts: Vec<ReportPart<'a>> = parts.collect();
    parts.sort_by_key(|part| part.number);
    parts
}

pub(super) fn pairs(groups: &[Group<'_>]) -> Vec<PairPart> {
    let mut room = ROOM;
    let mut parts = Vec::new();
    for group in groups {
        for pair in &group.pairs {
            parts.push(pair_part(group, pair, &mut room));
        }
    }
    parts
}

fn pair_part(group: &Group<'_>, pair: &Pair, room: &mut usize) -> PairPart {
    let (base, other) = (&group.columns[0], &group.columns[pair.other]);
    let (requirements, cases) = (Pair::counts(&pair.requirements), Pair::counts(&pair.cases));
    let counts = Change::ALL.into_iter().map(|change| CountPart {
        word: change.word(),
        meaning: change.meaning(),
        requirements: requirements.get(&change).copied().unwrap_or(0),
        cases: cases.get(&change).copied().unwrap_or(0),
    });
    let told = Change::ALL.into_iter().filter(|change| *change != Change::Unchanged);
    PairPart {
        title: format!(
            "{}: {} {} against {} {}",
            group.profile,
            other.number,
            comparison::name(other),
            base.number,
            comparison::name(base)
        ),
        counts: counts.filter(|count| count.requirements + count.cases > 0).collect(),
        changes: told
            .map(|change| change_part(group, pair, change, room))
            .filter(|part| part.more + part.lines.len() > 0)
            .collect(),
    }
}

fn change_part(group: &Group<'_>, pair: &Pair, change: Change, room: &mut usize) -> ChangePart {
    let of = |changed: &&Changed| changed.change == change;
    let requirements = pair.requirements.iter().filter(of).map(|changed| {
        let requirement = group.requirements[changed.row].requirement;
        let text = format!("{} {}", requirement.level.word(), requirement.text);
        line(changed, &requirement.id, true, &text)
    });
    let cases = pair.cases.iter().filter(of).map(|changed| {
        let case = &group.cases[changed.row];
        let column = if changed.to.is_some() { pair.other } else { 0 };
        line(changed, case.id, false, case.said(column))
    });
    let mut part = ChangePart {
        word: change.word(),
        lines: Vec::new(),
        more: 0,
        open: change.worsens(),
    };
    for line in requirements.chain(cases) {
        let size = line.id.len() + line.text.len() + line.way.len() + MARKUP;
        if size <= *room {
            *room -= size;
            part.lines.push(line);
        } else {
            part.more += 1;
        }
    }
    part
}

fn line(changed: &Changed, id: &str, requirement: bool, text: &str) -> LinePart {
    LinePart {
        way: comparison::way(changed),
        id: visible(id, LONGEST),
        requirement,
        text: visible(text, LONGEST),
    }
}

impl<'a> GridPart<'a> {
    pub(super) fn of(group: &'a Group<'_>) -> Self {
        let columns = group.columns.iter().map(|column| {
            let page = column.source.links.page.as_deref();
            (column.number, comparison::name(column), page)
        });
        Self {
            profile: group.profile,
            columns: columns.collect(),
            rows: group.requirements.iter().map(row_part).collect(),
            size: format!(
                "{}, {}",
                figures::counted(group.requirements.len(), "requirement"),
                figures::counted(group.cases.len(), "case")
            ),
        }
    }
}

fn row_part<'a>(row: &'a RequirementRow<'_>) -> RowPart<'a> {
    let cells = (0..row.found.len()).map(|column| {
        let finding = row.finding(column);
        (letter(finding), finding.map_or("–", comparison::in_a_cell))
    });
    RowPart {
        id: &row.requirement.id,
        level: row.requirement.level.word(),
        text: visible(&row.requirement.text, LONGEST_TEXT),
        cells: cells.collect(),
    }
}

/// Characters of changes on one page, and what the markup around one takes.
const ROOM: usize = 300_000;
const MARKUP: usize = 120;
const LONGEST: usize = 240;
const LONGEST_TEXT: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{
        self,
        tests::{NEW, OLD, old_and_new, report, sources},
    };

    #[test]
    fn the_first_report_of_a_profile_is_its_base_where_there_are_others() {
        let mut alone = report("alone", OLD);
        alone.profile = "federation".to_owned();
        let sources = sources(vec![report("old", OLD), alone, report("new", NEW)]);
        let groups = compare::groups(&sources);
        let bases = |compared| -> Vec<(usize, bool)> {
            let parts = reports(&groups, compared);
            parts.iter().map(|part| (part.number, part.base)).collect()
        };
        assert_eq!(bases(true), [(1, true), (2, false), (3, false)]);
        assert_eq!(bases(false), [(1, false), (2, false), (3, false)]);
    }

    #[test]
    fn a_pair_is_counted_whole_and_told_without_what_stayed() {
        let sources = old_and_new();
        let parts = pairs(&compare::groups(&sources));
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0].title, "core: 2 new 1.0 against 1 old 1.0");
        let counts = parts[0].counts.iter();
        let counts: Vec<_> = counts
            .map(|count| (count.word, count.requirements, count.cases))
            .collect();
        assert_eq!(
            counts,
            [
                ("broken", 1, 1),
                ("newly inconclusive", 0, 1),
                ("fixed", 1, 1),
                ("new", 1, 1),
                ("unchanged", 1, 2)
            ]
        );
        let changes = parts[0].changes.iter();
        let changes: Vec<_> = changes
            .map(|change| (change.word, change.lines.len(), change.more, change.open))
            .collect();
        assert_eq!(
            changes,
            [
                ("broken", 2, 0, true),
                ("newly inconclusive", 1, 0, true),
                ("fixed", 2, 0, false),
                ("new", 2, 0, false)
            ]
        );
    }

    const LINES: [(&str, &str); 2] = [
        ("SEM-01", "MUST A node holds to SEM-01, `always`."),
        ("breaks", "what was found in breaks"),
    ];

    /// What is told of what is broken when there is so much room, and the room that is left.
    fn broken(mut room: usize) -> (Vec<(String, String)>, usize, usize) {
        let sources = old_and_new();
        let groups = compare::groups(&sources);
        let part = change_part(&groups[0], &groups[0].pairs[0], Change::Broken, &mut room);
        assert!(part.lines.iter().all(|line| line.way == "pass → fail"));
        let lines = part.lines.into_iter().map(|line| (line.id, line.text));
        (lines.collect(), part.more, room)
    }

    #[test]
    fn a_change_is_told_where_there_is_room_for_it() {
        let lines = LINES.map(|(id, text)| (id.to_owned(), text.to_owned()));
        let [first, second] = LINES.map(|(id, text)| id.len() + text.len() + "pass → fail".len() + 120);
        assert_eq!(broken(first + second), (lines.to_vec(), 0, 0));
        assert_eq!(broken(first + second - 1), (lines[..1].to_vec(), 1, second - 1));
        assert_eq!(broken(0), (Vec::new(), 2, 0));
    }
}
