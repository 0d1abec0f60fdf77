//! `stigmem lint`: what somebody should look at, for people and for cron.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use rusqlite::Connection;

use super::{Database, OperatorError, scope, shown, unwritable};
use crate::document::{LintMembers, LongList};
use crate::domain::instant::now_micros;
use crate::domain::lint::{self, Check, CheckSet, Finding, LintRun, Severity};
use crate::domain::scope::Scope;
use crate::store::lint::{Place, count, page};

/// The exit status when something was found that is as severe as asked.
const FOUND: u8 = 3;

#[derive(clap::Args)]
pub(super) struct LintCommand {
    /// The scope to look at: local, team, company or public.
    #[arg(long, value_parser = scope)]
    scope: Scope,
    /// Comma list of contradiction, stale, orphan, broken_ref, namespacing; all of them unless given.
    #[arg(long, value_parser = checks)]
    checks: Option<CheckSet>,
    /// Only findings about this entity.
    #[arg(long)]
    entity: Option<String>,
    /// Only findings about this relation.
    #[arg(long)]
    relation: Option<String>,
    /// Tells also what will end within so many seconds.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    stale_lookahead_s: i64,
    /// Prints what `POST /v1/lint` answers instead of lines for people.
    #[arg(long)]
    json: bool,
    /// Ends with exit status 3 when a finding is at least so severe: info, warning or error.
    #[arg(long, value_parser = severity)]
    fail_on: Option<Severity>,
    #[command(flatten)]
    database: Database,
}

fn checks(list: &str) -> Result<CheckSet, String> {
    super::words(list)
        .map(|word| Check::parse(word).ok_or_else(|| format!("there is no check '{word}'")))
        .collect()
}

fn severity(word: &str) -> Result<Severity, String> {
    Severity::parse(word).ok_or_else(|| "a severity is info, warning or error".to_owned())
}

pub(super) fn run(command: LintCommand) -> Result<ExitCode, OperatorError> {
    let entity = command.entity.as_deref().map(lint::named).transpose();
    let run = LintRun {
        scope: command.scope,
        checks: command.checks.unwrap_or(CheckSet::ALL),
        entity: entity.map_err(|error| OperatorError::Other(format!("--entity: {error}")))?,
        relation: command.relation,
        lookahead_s: command.stale_lookahead_s,
    };
    let now = now_micros();
    let db = command.database.existing()?;
    // One transaction: all findings are about the same moment, whatever a node writes meanwhile.
    let db = db.unchecked_transaction()?;
    let mut told = [0_u64; 3];
    if command.json {
        document(&db, &run, now, &mut told)?;
    } else {
        lines(&db, &run, now, &mut told)?;
    }
    let severe = |least: Severity| told.iter().skip(least as usize).any(|count| *count > 0);
    Ok(match command.fail_on {
        Some(least) if severe(least) => ExitCode::from(FOUND),
        _ => ExitCode::SUCCESS,
    })
}

/// Hands over the findings page by page, and counts them by severity.
fn each_page(
    db: &Connection,
    run: &LintRun,
    now: i64,
    told: &mut [u64; 3],
    mut write: impl FnMut(&[Finding]) -> Result<(), OperatorError>,
) -> Result<(), OperatorError> {
    let mut place = Place::start(run);
    while let Some(here) = place {
        let found = page(db, run, here, now)?;
        for finding in &found.findings {
            told[finding.severity as usize] += 1;
        }
        write(&found.findings)?;
        place = found.next;
    }
    Ok(())
}

fn document(db: &Connection, run: &LintRun, now: i64, told: &mut [u64; 3]) -> Result<(), OperatorError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let facts = count(db, run, now)?;
    let mut list = LongList::default();
    let mut text = LongList::begin("findings");
    each_page(db, run, now, told, |findings| {
        list.add_findings(&mut text, findings).map_err(unwritable)?;
        out.write_all(&text)?;
        text.clear();
        Ok(())
    })?;
    LongList::end(&mut text, &LintMembers::of(run, now, facts)).map_err(unwritable)?;
    text.push(b'\n');
    out.write_all(&text)?;
    Ok(out.flush()?)
}

fn lines(db: &Connection, run: &LintRun, now: i64, told: &mut [u64; 3]) -> Result<(), OperatorError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let facts = count(db, run, now)?;
    each_page(db, run, now, told, |findings| {
        for finding in findings {
            writeln!(out, "{}", line(finding))?;
        }
        Ok(())
    })?;
    let [infos, warnings, errors] = *told;
    let scope = run.scope.word();
    writeln!(
        out,
        "{scope}: {facts} facts, {errors} errors, {warnings} warnings, {infos} infos"
    )?;
    Ok(out.flush()?)
}

fn line(finding: &Finding) -> String {
    let relation = finding
        .relation
        .as_deref()
        .map(|relation| format!(" {}", shown::all(relation)));
    let facts: Vec<String> = finding.facts.iter().map(|id| id.text()).collect();
    format!(
        "{:<7} {:<13} {}{}: {} [{}]",
        finding.severity.word(),
        finding.check.word(),
        shown::all(&finding.entity),
        relation.unwrap_or_default(),
        shown::all(&finding.detail),
        facts.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_move_the_cursor() {
        let finding = lint::orphan("user:\u{1b}[2Ja".to_owned(), Scope::Local, vec![]);
        let line = line(&finding);
        assert!(line.starts_with("info    orphan        user:\\u{1b}[2Ja: "), "{line}");
        assert!(!line.contains('\u{1b}'));
    }

    #[test]
    fn checks_are_a_comma_list() {
        assert_eq!(checks("stale, orphan").unwrap().words(), ["stale", "orphan"]);
        assert_eq!(checks("").unwrap(), CheckSet::ALL);
        assert!(checks("stale,spelling").unwrap_err().contains("spelling"));
    }
}
