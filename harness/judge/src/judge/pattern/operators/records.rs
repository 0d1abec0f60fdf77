//! The operators over whole records: the same members, the content id.

use serde_json::Value;

use super::unusable;
use crate::{
    judge::{
        pattern::{below, equal},
        wrong::{Wrong, short},
    },
    protocol::cid,
};

pub(super) fn same(parts: &Value, other: Option<&Value>, pointer: &str, value: &Value) -> Result<(), Wrong> {
    let (Some(other), Some(parts)) = (other, parts.as_array().filter(|parts| !parts.is_empty())) else {
        return Err(unusable("$same", parts, pointer));
    };
    for part in parts {
        let Some(part) = part.as_str() else {
            return Err(unusable("$same", part, pointer));
        };
        let place = format!("{pointer}{part}");
        match (other.pointer(part), value.pointer(part)) {
            (Some(wanted), Some(found)) if equal(wanted, found) => {}
            (wanted, found) => {
                let wanted = wanted.map_or_else(|| "a member to compare with".to_owned(), short);
                return Err(Wrong::new(&place, wanted, found));
            }
        }
    }
    Ok(())
}

/// A content id is judged only where the record says enough to recompute it.
pub(super) fn is_cid(pointer: &str, fact: &Value) -> Result<(), Wrong> {
    if !fact.is_object() {
        return Err(Wrong::new(pointer, "the record of a fact", Some(fact)));
    }
    let Some(candidates) = cid::candidates(fact) else {
        return Ok(());
    };
    let found = fact.get("cid");
    if found
        .and_then(Value::as_str)
        .is_some_and(|found| candidates.iter().any(|one| one == found))
    {
        return Ok(());
    }
    Err(Wrong::new(&below(pointer, "cid"), candidates.join(" or "), found))
}
