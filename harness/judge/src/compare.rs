//! Reports side by side: what became of each requirement and case from one to another. Pure.

mod change;
mod edition;

use std::collections::{BTreeMap, HashMap};

pub use change::{Change, Finding};
pub use edition::{differences, notes};

use crate::report::{CaseResult, Report, RequirementResult};

/// A report, and where it was found.
#[derive(Debug, Clone)]
pub struct Source {
    /// As people are told.
    pub place: String,
    /// Its files as seen from the page that is written, where they can be reached from there.
    pub links: Links,
    pub report: Report,
}

/// Relative references, ready for an attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    pub page: Option<String>,
    pub json: Option<String>,
}

/// The reports of one profile. The first of them is the base.
#[derive(Debug)]
pub struct Group<'a> {
    pub profile: &'a str,
    pub columns: Vec<Column<'a>>,
    pub requirements: Vec<RequirementRow<'a>>,
    pub cases: Vec<CaseRow<'a>>,
    /// Each further report against the base.
    pub pairs: Vec<Pair>,
}

#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// What the report is called in tables: from 1, in the order in which reports were given.
    pub number: usize,
    pub source: &'a Source,
}

/// One requirement in all reports.
#[derive(Debug)]
pub struct RequirementRow<'a> {
    /// As the first report has it that has it.
    pub requirement: &'a RequirementResult,
    /// Another report has another text or level for it.
    pub reworded: bool,
    /// By column.
    pub found: Vec<Option<&'a RequirementResult>>,
    /// Places of the cases that cover it in any of the reports.
    pub cases: Vec<usize>,
}

/// One case in all reports.
#[derive(Debug)]
pub struct CaseRow<'a> {
    pub id: &'a str,
    /// Requirements that it covers in any of the reports.
    pub covers: Vec<&'a str>,
    /// By column.
    pub found: Vec<Option<&'a CaseResult>>,
}

/// What became of the base in another report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Column of the other report.
    pub other: usize,
    pub requirements: Vec<Changed>,
    pub cases: Vec<Changed>,
}

/// What became of one requirement or case. Those that did not change are among them: nothing is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Its place in the group.
    pub row: usize,
    pub change: Change,
    pub from: Option<Finding>,
    pub to: Option<Finding>,
}

/// The reports by profile, in the order in which the profiles come.
pub fn groups(sources: &[Source]) -> Vec<Group<'_>> {
    let mut columns: Vec<(&str, Vec<Column<'_>>)> = Vec::new();
    for (n, source) in sources.iter().enumerate() {
        let profile = source.report.profile.as_str();
        let column = Column { number: n + 1, source };
        match columns.iter_mut().find(|(known, _)| *known == profile) {
            Some((_, columns)) => columns.push(column),
            None => columns.push((profile, vec![column])),
        }
    }
    columns
        .into_iter()
        .map(|(profile, columns)| Group::of(profile, columns))
        .collect()
}

/// How many requirements and how many cases changed in a way, over all pairs.
pub fn total(groups: &[Group<'_>], change: Change) -> (usize, usize) {
    let count = |changed: &[Changed]| changed.iter().filter(|one| one.change == change).count();
    let pairs = groups.iter().flat_map(|group| &group.pairs);
    pairs.fold((0, 0), |(requirements, cases), pair| {
        (requirements + count(&pair.requirements), cases + count(&pair.cases))
    })
}

/// Whether anything is worse than in the base.
pub fn is_worse(groups: &[Group<'_>]) -> bool {
    let worse = Change::ALL.into_iter().filter(|change| change.worsens());
    worse.map(|change| total(groups, change)).any(|total| total != (0, 0))
}

impl<'a> Group<'a> {
    fn of(profile: &'a str, columns: Vec<Column<'a>>) -> Self {
        let cases = case_rows(&columns);
        let requirements = requirement_rows(&columns, &cases);
        let mut group = Self {
            profile,
            columns,
            requirements,
            cases,
            pairs: Vec::new(),
        };
        group.pairs = (1..group.columns.len()).map(|other| group.pair(other)).collect();
        group
    }

    fn pair(&self, other: usize) -> Pair {
        let requirements = self.requirements.iter().map(|row| (row.finding(0), row.finding(other)));
        let cases = self.cases.iter().map(|row| (row.finding(0), row.finding(other)));
        Pair {
            other,
            requirements: changes(requirements),
            cases: changes(cases),
        }
    }
}

/// What is in neither of the two is not spoken of.
fn changes(findings: impl Iterator<Item = (Option<Finding>, Option<Finding>)>) -> Vec<Changed> {
    let changed = findings.enumerate().filter_map(|(row, (from, to))| {
        let change = Change::between(from, to)?;
        Some(Changed { row, change, from, to })
    });
    changed.collect()
}

fn case_rows<'a>(columns: &[Column<'a>]) -> Vec<CaseRow<'a>> {
    let mut rows: Vec<CaseRow<'a>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (n, column) in columns.iter().enumerate() {
        for case in &column.source.report.cases {
            let place = *places.entry(case.id.as_str()).or_insert_with(|| {
                rows.push(CaseRow {
                    id: &case.id,
                    covers: Vec::new(),
                    found: vec![None; columns.len()],
                });
                rows.len() - 1
            });
            let row = &mut rows[place];
            row.found[n] = Some(case);
            for id in &case.covers {
                if !row.covers.contains(&id.as_str()) {
                    row.covers.push(id);
                }
            }
        }
    }
    rows
}

fn requirement_rows<'a>(columns: &[Column<'a>], cases: &[CaseRow<'a>]) -> Vec<RequirementRow<'a>> {
    let mut rows: Vec<RequirementRow<'a>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (n, column) in columns.iter().enumerate() {
        for requirement in &column.source.report.requirements {
            let place = *places.entry(requirement.id.as_str()).or_insert_with(|| {
                rows.push(RequirementRow {
                    requirement,
                    reworded: false,
                    found: vec![None; columns.len()],
                    cases: Vec::new(),
                });
                rows.len() - 1
            });
            let row = &mut rows[place];
            row.found[n] = Some(requirement);
            row.reworded |= row.requirement.text != requirement.text || row.requirement.level != requirement.level;
        }
    }
    for (n, case) in cases.iter().enumerate() {
        for place in case.covers.iter().filter_map(|id| places.get(id)) {
            rows[*place].cases.push(n);
        }
    }
    in_order(rows)
}

/// Areas in the order in which the reports have them, and within an area by number: what only a later report has stands with its like.
fn in_order(mut rows: Vec<RequirementRow<'_>>) -> Vec<RequirementRow<'_>> {
    let mut areas: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let next = areas.len();
        areas.entry(row.area()).or_insert(next);
    }
    rows.sort_by_key(|row| (areas.get(row.area()).copied(), row.number()));
    rows
}

impl<'a> RequirementRow<'a> {
    pub fn finding(&self, column: usize) -> Option<Finding> {
        self.found[column].map(|found| Finding::of(found.verdict))
    }

    /// `SEM` of `SEM-07`.
    pub fn area(&self) -> &'a str {
        self.requirement.id.split('-').next().unwrap_or_default()
    }

    fn number(&self) -> u32 {
        let number = self.requirement.id.split_once('-');
        number.and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
    }

    /// Whether all reports say the same of it, and all have it.
    pub fn is_alike(&self) -> bool {
        (1..self.found.len()).all(|column| self.finding(column) == self.finding(0))
    }
}

impl CaseRow<'_> {
    pub fn finding(&self, column: usize) -> Option<Finding> {
        self.found[column].map(|found| Finding::Verdict(found.verdict))
    }

    /// What a report says of it; nothing where it passed or is not there.
    pub fn said(&self, column: usize) -> &str {
        self.found[column].map_or("", |found| found.message.as_str())
    }
}

impl Pair {
    /// How often each change came; those that never came are left out.
    pub fn counts(changed: &[Changed]) -> BTreeMap<Change, usize> {
        let mut counts = BTreeMap::new();
        for one in changed {
            *counts.entry(one.change).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
pub(crate) mod tests;
