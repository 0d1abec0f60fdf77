//! `report.md`: for a comment on a pull request or a page of results. It fits into one comment.

pub mod comparison;
mod escape;

use escape::{LONGEST, cell, code, cut, fenced, markup, plain, prose};

use super::{CaseResult, Report, RequirementResult, Shown, figures};
use crate::judge::Verdict;

pub fn render(report: &Report) -> String {
    let mut page = String::new();
    let target = &report.target;
    push(
        &mut page,
        &format!(
            "# Stigmem {}: {} {}",
            plain(&report.profile),
            plain(&target.name),
            plain(&target.version)
        ),
    );
    push(&mut page, &format!("**{}**", plain(report.conclusion.sentence())));
    let parts = figures::profiles(report).map(|part| plain(&part));
    let lines: Vec<String> = [figures::denominator(report), figures::tally(report)]
        .into_iter()
        .chain(parts)
        .map(|line| format!("- {line}"))
        .collect();
    push(&mut page, &lines.join("\n"));
    push(&mut page, &facts(report));
    push(&mut page, &areas(report));
    troubles(&mut page, report);
    stale(&mut page, report);
    unseen(&mut page, report);
    requirements(&mut page, report);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn facts(report: &Report) -> String {
    let mut facts = vec![
        format!("target {}", report.target.how),
        format!("kit {}", report.kit),
        format!("seed {}", report.seed),
        format!("{}", report.started),
        figures::counted(report.requests, "request"),
    ];
    if !report.selection.is_empty() {
        facts.push(format!("selected: {}", report.selection.join(", ")));
    }
    let start = |digest: &str| cut(digest.strip_prefix("sha256:").unwrap_or(digest), 12);
    let digests: Vec<String> = report
        .digests
        .iter()
        .map(|(folder, digest)| format!("{} {}", plain(folder), code(&start(digest))))
        .collect();
    let facts: Vec<String> = facts.iter().map(|fact| plain(fact)).chain(digests).collect();
    facts.join(" · ")
}

fn areas(report: &Report) -> String {
    let columns = figures::columns(report);
    let names: Vec<&str> = columns
        .iter()
        .map(|verdict| verdict.word())
        .chain(["not judged"])
        .collect();
    let mut table = format!(
        "| area | {} |\n|---|{}\n",
        names.join(" | "),
        "---:|".repeat(names.len())
    );
    for area in &report.areas {
        let counts = columns
            .iter()
            .map(|verdict| area.counts.get(verdict).copied().unwrap_or(0))
            .chain([figures::not_judged(area)]);
        let cells: Vec<String> = counts
            .map(|count| if count == 0 { String::new() } else { count.to_string() })
            .collect();
        table.push_str(&format!(
            "| **{}** {} | {} |\n",
            plain(&area.id),
            plain(&area.title),
            cells.join(" | ")
        ));
    }
    table
}

fn troubles(page: &mut String, report: &Report) {
    let families = figures::families(report);
    if families.is_empty() {
        return;
    }
    push(page, "## What did not pass");
    let mut lines = Vec::new();
    for (n, family) in families.iter().enumerate() {
        let text = trouble(report, family);
        if n < IN_FULL && fits(page, &text, TROUBLES_END) {
            push(page, &text);
        } else {
            lines.push(format!(
                "- {} {}{}",
                family[0].verdict.word(),
                code(&family[0].id),
                more(family)
            ));
        }
    }
    list(page, lines, LINES_END);
}

fn trouble(report: &Report, family: &[&CaseResult]) -> String {
    let case = family[0];
    let mut text = format!(
        "<details><summary>{} <code>{}</code>{}</summary>\n\n",
        case.verdict.word(),
        markup(&case.id),
        more(family)
    );
    for id in &case.covers {
        let sentence = report
            .requirement(id)
            .map(|found| format!(" {}: {}", found.level.word(), prose(&found.text)));
        push(
            &mut text,
            &format!("> **{}**{}", plain(id), sentence.unwrap_or_default()),
        );
    }
    push(&mut text, &format!("*Why it matters:* {}", prose(&case.why)));
    if let Some(reason) = &case.expected {
        push(&mut text, &format!("*Listed as expected:* {}", prose(reason)));
    }
    if let Some(message) = figures::message(case) {
        push(&mut text, &fenced(&cut(&message, LONGEST)));
    }
    for failure in case.failures.iter().take(FAILURES) {
        let wrong = &failure.wrong;
        push(
            &mut text,
            &format!(
                "- where: {}\n- expected: {}\n- got: {}",
                code(&figures::place(failure)),
                code(&wrong.expected),
                code(&wrong.got)
            ),
        );
    }
    if let Some(shown) = case.failures.first().and_then(|failure| failure.exchanges.last()) {
        push(&mut text, &exchange(shown));
    }
    push(&mut text, &format!("Repeat: {}", code(&case.repeat)));
    if family.len() > 1 {
        let others: Vec<String> = family[1..].iter().take(OTHERS).map(|case| code(&case.id)).collect();
        push(&mut text, &format!("Also: {}", others.join(", ")));
    }
    text.push_str("</details>");
    text
}

fn exchange(shown: &Shown) -> String {
    let body = if shown.body.is_empty() {
        String::new()
    } else {
        format!("\n{}", cut(&shown.body, LONGEST))
    };
    fenced(&format!("$ {}\n{}{body}", cut(&shown.curl, LONGEST), shown.answer))
}

fn more(family: &[&CaseResult]) -> String {
    if family.len() > 1 {
        format!(" and {} more like it", family.len() - 1)
    } else {
        String::new()
    }
}

fn stale(page: &mut String, report: &Report) {
    let lines: Vec<String> = report
        .stale()
        .map(|case| format!("- {}: {}", code(&case.id), reason(case)))
        .collect();
    if !lines.is_empty() {
        push(page, "## Listed as expected to fail, but passed");
        push(page, "Take these out of the list:");
        list(page, lines, REQUIREMENTS_END);
    }
}

fn unseen(page: &mut String, report: &Report) {
    let lines: Vec<String> = report
        .unseen()
        .map(|case| format!("- {} {}: {}", case.verdict.word(), code(&case.id), reason(case)))
        .collect();
    if !lines.is_empty() {
        push(page, "## Listed as expected to fail, but not judged in this run");
        list(page, lines, REQUIREMENTS_END);
    }
}

/// Why it is listed.
fn reason(case: &CaseResult) -> String {
    prose(case.expected.as_deref().unwrap_or_default())
}

/// What did not pass with its text, what passed by its ids.
fn requirements(page: &mut String, report: &Report) {
    push(page, "## Requirements");
    let (passed, others): (Vec<_>, Vec<_>) = report
        .requirements
        .iter()
        .partition(|requirement| requirement.verdict == Some(Verdict::Pass));
    let mut rows: Vec<String> = Vec::new();
    for area in &report.areas {
        let ids: Vec<&str> = passed
            .iter()
            .map(|found| found.id.as_str())
            .filter(|id| figures::letters(id) == area.id)
            .collect();
        if !ids.is_empty() {
            rows.push(format!(
                "| {} | {} | pass | {} |",
                plain(&area.id),
                ids.len(),
                plain(&ids.join(" "))
            ));
        }
    }
    let table = |page: &mut String, head: &str, rows: Vec<String>, end: usize| {
        if !rows.is_empty() {
            page.push_str(head);
            page.push('\n');
            list(page, rows, end);
        }
    };
    table(
        page,
        "| passed in | | verdict | requirements |\n|---|---:|---|---|",
        rows,
        usize::MAX,
    );
    let rows = others.iter().map(|requirement| row(requirement)).collect();
    table(
        page,
        "| requirement | level | verdict | what it asks |\n|---|---|---|---|",
        rows,
        REQUIREMENTS_END,
    );
}

fn row(requirement: &RequirementResult) -> String {
    let reason = requirement
        .not_judged
        .as_ref()
        .map(|reason| format!(" *Not judged: {}.*", cell(reason)));
    let (level, verdict) = (requirement.level.word(), figures::verdict_word(requirement));
    format!(
        "| {} | {level} | {verdict} | {}{} |",
        plain(&requirement.id),
        cell(&requirement.text),
        reason.unwrap_or_default()
    )
}

fn push(page: &mut String, block: &str) {
    page.push_str(block.trim_end());
    page.push_str("\n\n");
}

/// As many lines as end before `end`; the rest is counted.
fn list(page: &mut String, lines: Vec<String>, end: usize) {
    let all = lines.len();
    let mut shown = 0;
    for line in lines {
        if !fits(page, &line, end) {
            break;
        }
        page.push_str(&line);
        page.push('\n');
        shown += 1;
    }
    page.push('\n');
    if shown < all {
        push(page, &format!("{} more: see `report.html`.", all - shown));
    }
}

fn fits(page: &str, more: &str, end: usize) -> bool {
    page.len() + more.len() < end
}

/// GitHub takes 65,536 characters for a comment.
const REQUIREMENTS_END: usize = 60_000;
/// Those in full, and then those in a line each.
const TROUBLES_END: usize = 28_000;
const LINES_END: usize = 34_000;
const IN_FULL: usize = 20;
const FAILURES: usize = 3;
const OTHERS: usize = 20;

#[cfg(test)]
mod tests;
