//! `stigmem synthesize`: what is known of a scope, for people and for cron.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use rusqlite::Connection;

use super::{Database, OperatorError, scope, shown, unwritable};
use crate::document::{LongList, SynthesisMembers};
use crate::domain::instant::now_micros;
use crate::domain::scope::Scope;
use crate::domain::synthesis::{self, Entry, SynthesisRequest, Tally};
use crate::domain::value::{Value, ValueType};
use crate::store::synthesis::{After, page};

/// How much of a value a line shows.
const LONGEST_VALUE: usize = 200;

#[derive(clap::Args)]
pub(super) struct SynthesizeCommand {
    /// The scope to look at: local, team, company or public.
    #[arg(long, value_parser = scope)]
    scope: Scope,
    /// Only what is known of this entity.
    #[arg(long)]
    entity: Option<String>,
    /// Only what is at least so sure, 0 to 1.
    #[arg(long, value_parser = confidence)]
    min_confidence: Option<f64>,
    /// Also what has expired.
    #[arg(long)]
    include_expired: bool,
    /// Prints what `POST /v1/synthesis` answers instead of lines for people.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: Database,
}

fn confidence(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| "a confidence is between 0 and 1".to_owned())
}

pub(super) fn run(command: &SynthesizeCommand) -> Result<ExitCode, OperatorError> {
    let entity = command.entity.as_deref().map(synthesis::named).transpose();
    let request = SynthesisRequest {
        scope: command.scope,
        entity: entity.map_err(|error| OperatorError::Other(format!("--entity: {error}")))?,
        min_confidence: command.min_confidence,
        include_expired: command.include_expired,
    };
    let now = now_micros();
    let db = command.database.existing()?;
    // One transaction: all entries are about the same moment, whatever a node writes meanwhile.
    let db = db.unchecked_transaction()?;
    if command.json {
        document(&db, &request, now)?;
    } else {
        lines(&db, &request, now)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Hands over the entries page by page.
fn each_page(
    db: &Connection,
    request: &SynthesisRequest,
    now: i64,
    mut write: impl FnMut(&[Entry]) -> Result<(), OperatorError>,
) -> Result<Tally, OperatorError> {
    let mut tally = Tally::default();
    let mut after = Some(After::NOTHING);
    while let Some(here) = after {
        let known = page(db, request, here, now)?;
        tally.add(known.tally);
        write(&known.entries)?;
        after = known.next;
    }
    Ok(tally)
}

fn document(db: &Connection, request: &SynthesisRequest, now: i64) -> Result<(), OperatorError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut list = LongList::default();
    let mut text = LongList::begin("summary");
    let tally = each_page(db, request, now, |entries| {
        list.add_entries(&mut text, entries).map_err(unwritable)?;
        out.write_all(&text)?;
        text.clear();
        Ok(())
    })?;
    LongList::end(&mut text, &SynthesisMembers::of(request, now, tally)).map_err(unwritable)?;
    text.push(b'\n');
    out.write_all(&text)?;
    Ok(out.flush()?)
}

fn lines(db: &Connection, request: &SynthesisRequest, now: i64) -> Result<(), OperatorError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut about, mut told) = (String::new(), 0_u64);
    let tally = each_page(db, request, now, |entries| {
        for entry in entries {
            if entry.entity != about {
                about.clone_from(&entry.entity);
                writeln!(out, "{}", shown::all(&about))?;
            }
            told += 1;
            writeln!(out, "  {}", line(entry))?;
        }
        Ok(())
    })?;
    let scope = request.scope.word();
    let Tally {
        facts,
        contradictions,
        filtered,
    } = tally;
    writeln!(
        out,
        "{scope}: {facts} facts, {told} entries, {contradictions} contradicted, {filtered} not sure enough"
    )?;
    Ok(out.flush()?)
}

fn line(entry: &Entry) -> String {
    let mut line = format!(
        "{} = {} ({})",
        shown::all(&entry.relation),
        value(&entry.value),
        entry.confidence
    );
    if let Some(other) = &entry.alternative {
        line += &format!(", but also {} ({})", value(&other.value), other.confidence);
    }
    line
}

/// A value on one line, texts in quotation marks.
fn value(value: &Value) -> String {
    let text = shown::line(&value.text, LONGEST_VALUE);
    match value.kind {
        ValueType::String | ValueType::Text => format!("\"{text}\""),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::synthesis::Alternative;

    #[test]
    fn an_entry_is_a_line() {
        let mut entry = Entry {
            entity: "user:a".to_owned(),
            relation: "memory:role".to_owned(),
            scope: Scope::Local,
            value: Value::string("CEO\n"),
            confidence: 0.9,
            hlc: "0000000000001.000".to_owned(),
            contradicted: false,
            alternative: None,
        };
        assert_eq!(line(&entry), "memory:role = \"CEO\\n\" (0.9)");
        entry.alternative = Some(Alternative {
            value: Value::reference("user:b"),
            confidence: 0.5,
        });
        assert_eq!(line(&entry), "memory:role = \"CEO\\n\" (0.9), but also user:b (0.5)");
        assert!(value(&Value::text("x".repeat(70_000))).len() < 220);
    }

    #[test]
    fn a_threshold_is_a_confidence() {
        assert_eq!(confidence("0.5"), Ok(0.5));
        for text in ["1.1", "-0.1", "NaN", "half", ""] {
            assert!(confidence(text).is_err(), "{text}");
        }
    }
}
