//! Doors for `harness/fuzz/` to readers that are the node's own business: each takes what a stranger may send and gives back what came of
//! it. Only in builds with the feature `fuzzing`.

use std::cmp::Ordering;

use crate::domain::cursor::{CursorKey, List};
use crate::domain::declaration::{Declaration, Published};
use crate::domain::fact::Draft;
use crate::domain::hlc::Hlc;
use crate::domain::incoming::Offer;
use crate::domain::instant::Instant;
use crate::domain::json::{self, Json};
use crate::domain::peer::{Owner, Policy, Way};
use crate::domain::scope::ScopeSet;
use crate::domain::signing::PeerKey;
use crate::domain::token::{Refusal, Token};
use crate::domain::{number, page, uri};

const VALUE_LIMIT: usize = 65_536;

/// A JSON text as it was understood, written anew.
pub fn json(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    write(&json::read(bytes).ok()?, &mut text);
    Some(text)
}

fn write(value: &Json<'_>, text: &mut String) {
    let quoted = |content: &str| serde_json::Value::from(content).to_string();
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Json::Number(literal) => text.push_str(literal),
        Json::String(content) => text.push_str(&quoted(content)),
        Json::Array(items) => {
            text.push('[');
            for (n, item) in items.iter().enumerate() {
                text.push_str(if n > 0 { "," } else { "" });
                write(item, text);
            }
            text.push(']');
        }
        Json::Object(members) => {
            text.push('{');
            for (n, (name, member)) in members.iter().enumerate() {
                text.push_str(if n > 0 { "," } else { "" });
                text.push_str(&quoted(name));
                text.push(':');
                write(member, text);
            }
            text.push('}');
        }
    }
}

/// A name in its normal form.
pub fn name(text: &str) -> Option<String> {
    uri::normalise(text).ok()
}

/// A clock as wall part and counter.
pub fn clock(text: &str) -> Option<(i64, i64)> {
    Hlc::read(text).map(|stamp| (stamp.wall, stamp.counter))
}

/// Whether a text is an instant.
pub fn is_instant(text: &str) -> bool {
    Instant::parse(text).is_some()
}

/// The order of two instants.
pub fn compare_instants(one: &str, other: &str) -> Option<Ordering> {
    Some(Instant::parse(one)?.cmp(&Instant::parse(other)?))
}

/// The storage text of a number literal.
pub fn number_text(literal: &str) -> Option<String> {
    match json::read(literal.as_bytes()).ok()? {
        Json::Number(read) if read == literal => number::storage_text(read),
        _ => None,
    }
}

/// The content id of an assertion.
pub fn content_id(body: &[u8]) -> Option<String> {
    let draft = Draft::from_json(&json::read(body).ok()?, VALUE_LIMIT).ok()?;
    let _ = draft.warnings();
    Some(draft.cid().text())
}

/// What a peer's fact says of itself: its id, and its content id as this node computes it.
pub fn offered(fact: &[u8]) -> Option<(String, String)> {
    let offer = Offer::read(fact, VALUE_LIMIT);
    let fact = offer.judged.ok()?;
    let owner = |host: &str| Owner::new(&format!("stigmem:node:{host}"), &format!("http://{host}.example"));
    for way in [Way::Pull, Way::Push] {
        let policy = Policy {
            way,
            permitted: ScopeSet::ALL,
            sender: owner("sender"),
            me: owner("me"),
            others: vec![(owner("other"), ScopeSet::ALL)],
            restoring: false,
        };
        let _ = policy.judge(&fact);
    }
    Some((fact.id.text(), fact.draft.cid().text()))
}

/// The bytes of the facts of a page.
pub fn page(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    page::outline(bytes).map(|outline| outline.facts)
}

/// The signed bytes of a declaration, and whether its signature holds.
pub fn declaration(body: &[u8]) -> Option<(String, bool)> {
    let json = json::read(body).ok()?;
    let published = Published::from_json(&json);
    let declaration = Declaration::from_json(&json).ok()?;
    let _ = published.map(|published| declaration.judge(&published, 0));
    Some((declaration.signed_text(), declaration.signature_holds()))
}

/// The issuer of a token that can be read.
pub fn issuer(token: &str) -> Option<String> {
    Token::parse(token).ok().map(|token| token.issuer)
}

/// Whether this key signed the token; `None` where the token or the key cannot be read.
pub fn is_signed_by(token: &str, key: &str, now_millis: i64) -> Option<bool> {
    let (token, key) = (Token::parse(token).ok()?, PeerKey::parse(key)?);
    Some(!matches!(token.judge(&key, "me", now_millis), Err(Refusal::Signature)))
}

/// A text behind its percent-encoding.
pub fn percent_decoded(text: &str) -> Option<String> {
    crate::http::query::percent_decode(text)
}

/// Whether a cursor is taken that nobody issued.
pub fn opens(cursor: &str) -> bool {
    CursorKey([7; 32]).open(List::Facts, cursor).is_some()
}
