//! Facts as peers send them (section 6.3): what is taken over as it is, and what is refused.
//!
//! Structure is checked, taste is not: a name that this node would have normalised stays as its origin wrote it.

mod otherwise;

use super::cid::Cid;
use super::fact::Draft;
use super::hlc::Hlc;
use super::id::Id;
use super::instant::{Instant, print};
use super::json::{self, Json};
use super::number;
use super::scope::Scope;
use super::value::{Value, ValueType};
use crate::policy::{AlsoRequired, Bringer, ContentIds, Copies, Mends, ReservedNames, UnprovableNumbers};

/// Above this, the digits of a double no longer tell which integer was meant.
const EXACT: f64 = 9_007_199_254_740_992.0;
const LONGEST_NAME: usize = 4_096;

/// A well-formed fact of a peer.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) id: Id,
    /// Everything in the form in which it is stored; the names keep their bytes.
    pub(crate) draft: Draft,
    /// The origin's stamp and its text; without one the fact is stamped like a write of this node's own.
    pub(crate) hlc: Option<(Hlc, String)>,
    /// The timestamp's text, where it is RFC 3339 with an offset as it stands.
    pub(crate) timestamp_text: Option<String>,
    /// The node that counts as its bringer, where that is not the sender.
    pub(crate) brought_by: Option<String>,
}

/// A fact of a page before the store has been asked whether it is known.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) id: Option<Id>,
    /// For the audit: what stood in the place of the id and of the source, cut short.
    pub(crate) id_text: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) judged: Result<Incoming, &'static str>,
}

impl Offer {
    pub(crate) fn read(bytes: &[u8], value_limit: usize) -> Self {
        let bytes = Mends::now().literals_of(bytes);
        let Ok(fact) = json::read(&bytes) else {
            return Self {
                id: None,
                id_text: None,
                source: None,
                judged: Err("malformed_fact"),
            };
        };
        let fact = Mends::now().members_of(fact);
        let short = |name| {
            let text = fact.member(name).and_then(Json::as_str)?;
            Some(text.chars().take(256).collect::<String>())
        };
        let id = fact.member("id").and_then(Json::as_str).and_then(Id::parse);
        Self {
            id,
            id_text: short("id"),
            source: short("source"),
            judged: read(&fact, id, value_limit),
        }
    }
}

fn read(fact: &Json<'_>, id: Option<Id>, value_limit: usize) -> Result<Incoming, &'static str> {
    const MALFORMED: &str = "malformed_fact";
    if !AlsoRequired::now().is_in(fact) {
        return Err(MALFORMED);
    }
    let id = id.ok_or(MALFORMED)?;
    let name = |member| match fact.member(member) {
        Some(Json::String(text)) if text.is_empty() => Err(MALFORMED),
        Some(Json::String(text)) if text.len() > LONGEST_NAME => Err("name_too_long"),
        Some(Json::String(text)) => Ok(text.clone().into_owned()),
        _ => Err(MALFORMED),
    };
    let (entity, relation, source) = (name("entity")?, name("relation")?, name("source")?);
    if is_reserved(&entity, &relation) {
        return Err("reserved_name");
    }
    let scope = fact.member("scope").and_then(Json::as_str).and_then(Scope::parse);
    let value = value(fact.member("value").ok_or(MALFORMED)?).ok_or(MALFORMED)?;
    if value.text.len() > value_limit {
        return Err("value_too_large");
    }
    let (timestamp, timestamp_text) = match fact.member("timestamp") {
        Some(Json::String(text)) => moment(text).ok_or(MALFORMED)?,
        _ => return Err(MALFORMED),
    };
    let (valid_until, expires_at) = match fact.member("valid_until") {
        None | Some(Json::Null) => (None, None),
        Some(Json::String(text)) => {
            let (at, kept) = moment(text).ok_or(MALFORMED)?;
            (Some(kept.unwrap_or_else(|| print(at))), Some(at))
        }
        Some(_) => return Err(MALFORMED),
    };
    let mut incoming = Incoming {
        id,
        draft: Draft {
            entity,
            relation,
            value,
            source,
            confidence: confidence(fact).ok_or(MALFORMED)?,
            scope: scope.ok_or(MALFORMED)?,
            valid_until,
            expires_at,
            timestamp: Some(timestamp),
        },
        hlc: hlc(fact)?,
        timestamp_text,
        brought_by: match Bringer::now() {
            Bringer::Sender => None,
            Bringer::AsSent => fact.member("received_from").and_then(Json::as_str).map(str::to_owned),
        },
    };
    incoming
        .check_cid(fact)
        .or_else(|reason| ContentIds::now().verdict(reason))?;
    Copies::now().change(&mut incoming);
    Ok(incoming)
}

/// What a peer may not write: the node's own notes, and the disputes that it leads.
fn is_reserved(entity: &str, relation: &str) -> bool {
    const KNOWN: [&str; 4] = [
        "stigmem:ttl",
        "stigmem:received_from",
        "stigmem:conflict:between",
        "stigmem:conflict:status",
    ];
    let (of_a_conflict, bookkeeping) = (
        entity.starts_with("stigmem:conflict:"),
        relation.starts_with("stigmem:"),
    );
    match ReservedNames::now() {
        ReservedNames::ConflictsAndBookkeeping => of_a_conflict || bookkeeping,
        ReservedNames::Bookkeeping => bookkeeping,
        ReservedNames::ConflictsAndKnownRelations => of_a_conflict || KNOWN.contains(&relation),
        ReservedNames::Nothing => false,
    }
}

impl Incoming {
    /// A fact of which the peer says an id must have it. The literal kind of a number is the one that the id was made
    /// of, because some nodes print every number as a double.
    fn check_cid(&mut self, fact: &Json<'_>) -> Result<(), &'static str> {
        let claimed = match fact.member("cid") {
            None | Some(Json::Null) => return Ok(()),
            Some(Json::String(text)) => Cid::parse(text).ok_or("cid_mismatch")?,
            Some(_) => return Err("malformed_fact"),
        };
        if ContentIds::now().of(&self.draft) == claimed {
            return Ok(());
        }
        if self.draft.value.kind != ValueType::Number || ContentIds::now() == ContentIds::AreOfPrintedNumbers {
            return Err("cid_mismatch");
        }
        let double: f64 = self.draft.value.text.parse().map_err(|_| "malformed_fact")?;
        let printed = self.draft.value.text.clone();
        for text in other_kinds(double) {
            self.draft.value.text = text;
            if self.draft.cid() == claimed {
                return Ok(());
            }
        }
        // Which integer a large double stood for cannot be told; the fact is kept under an id of this node's making.
        self.draft.value.text = printed;
        if double.abs() > EXACT {
            UnprovableNumbers::now().verdict()
        } else {
            Err("cid_mismatch")
        }
    }
}

/// The storage texts that print as the same number.
fn other_kinds(double: f64) -> Vec<String> {
    let mut texts = vec![number::float_text(double)];
    if double.fract() == 0.0 && double.abs() <= EXACT {
        texts.push(if double == 0.0 {
            "0".to_owned()
        } else {
            format!("{double:.0}")
        });
    }
    if double == 0.0 {
        texts.extend(["0.0".to_owned(), "-0.0".to_owned()]);
    }
    texts
}

fn confidence(fact: &Json<'_>) -> Option<f64> {
    match fact.member("confidence")? {
        Json::Number("-0") => Some(0.0),
        Json::Number(literal) => literal.parse().ok().filter(|number| (0.0..=1.0).contains(number)),
        _ => None,
    }
}

fn hlc(fact: &Json<'_>) -> Result<Option<(Hlc, String)>, &'static str> {
    match fact.member("hlc") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.len() <= 64 => {
            let stamp = Hlc::read(text).ok_or("malformed_fact")?;
            // A clock that followed this one could not emit stamps of 13 digits any more.
            if stamp > Hlc::LAST_RECEIVED {
                return Err("hlc_skew");
            }
            Ok(Some((stamp, text.clone().into_owned())))
        }
        Some(_) => Err("malformed_fact"),
    }
}

/// The JSON type has to be the one that the tag promises; the texts are nobody's but the origin's.
fn value(json: &Json<'_>) -> Option<Value> {
    let kind = ValueType::parse(json.member("type")?.as_str()?)?;
    let text = match (kind, json.member("v")) {
        (ValueType::Null, None | Some(Json::Null)) => "null".to_owned(),
        (ValueType::Boolean, Some(Json::Bool(truth))) => truth.to_string(),
        (ValueType::Number, Some(Json::Number(literal))) => number::storage_text(literal)?,
        (ValueType::Null | ValueType::Boolean | ValueType::Number, _) => return None,
        (_, Some(Json::String(text))) => text.clone().into_owned(),
        _ => return None,
    };
    Some(Value { kind, text })
}

/// A date-time in microseconds, and its text where it has an offset of its own. One without is read as UTC.
fn moment(text: &str) -> Option<(i64, Option<String>)> {
    if let Some(instant) = Instant::parse(text) {
        return Some((instant.micros, Some(text.to_owned())));
    }
    let joined = text.replacen(' ', "T", 1);
    let whole = if joined.len() == 10 {
        joined + "T00:00:00"
    } else {
        joined
    };
    let instant = Instant::parse(&whole).or_else(|| Instant::parse(&format!("{whole}Z")))?;
    Some((instant.micros, None))
}

#[cfg(test)]
mod tests;
