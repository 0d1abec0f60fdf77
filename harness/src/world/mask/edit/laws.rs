//! Laws of edits, for every body and every edit.

#[allow(dead_code, reason = "the laws of the judge use the rest")]
#[path = "../../../../judge/src/laws/drawn.rs"]
mod drawn;

use std::collections::BTreeMap;

use hyper::body::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{asked, edited};
use drawn::{bodies, member_names, texts, values};

proptest! {
    #[test]
    fn a_body_without_edits_keeps_its_bytes(value in bodies(), pretty: bool) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let same = edited(&Bytes::from(text.clone()), &Map::new());
        prop_assert_eq!(same, Some(Bytes::from(text)));
    }

    /// Held against the same edit of the parsed value.
    #[test]
    fn an_edit_changes_one_place(value in values(), path in prop::collection::vec(step(), 1..4), new in prop::option::of(values())) {
        prop_assume!(!new.as_ref().is_some_and(|new| new.to_string().contains("\"$")));
        let pointer: String = path.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
        let edits = Map::from_iter([(pointer, new.clone().unwrap_or_else(|| serde_json::json!({"$absent": true})))]);
        let bytes = edited(&Bytes::from(value.to_string()), &edits).expect("it is JSON");
        let mut expected = value;
        edit_parsed(&mut expected, &path, new.as_ref());
        prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("it stays JSON"), expected);
    }

    #[test]
    fn any_bytes_can_be_edited(text in texts(), bytes in prop::collection::vec(any::<u8>(), 0..20), pointer in texts(), new in bodies()) {
        let edits = Map::from_iter([(pointer, new)]);
        let _ = edited(&Bytes::from(text), &edits);
        let _ = edited(&Bytes::from(bytes), &edits);
    }

    #[test]
    fn a_query_is_edited_once(target in "/[a-z/]{0,6}([?][a-z=&%0-9]{0,20})?", edits in prop::collection::btree_map("[a-z]{1,2}", prop::option::of(texts()), 0..4)) {
        let once = asked(&target, &edits);
        prop_assert_eq!(&asked(&once, &edits), &once);
        let left: BTreeMap<String, Option<String>> = BTreeMap::new();
        prop_assert_eq!(asked(&once, &left), once);
    }
}

/// A step of a pointer that names one place.
fn step() -> impl Strategy<Value = String> {
    prop_oneof!["[0-3]", member_names()].prop_filter("not each element", |step| step != "*")
}

fn edit_parsed(value: &mut Value, path: &[String], new: Option<&Value>) {
    let Some((step, rest)) = path.split_first() else { return };
    match (value, rest.is_empty(), new) {
        (Value::Object(members), true, Some(new)) => {
            members.insert(step.clone(), new.clone());
        }
        (Value::Object(members), true, None) => {
            members.remove(step);
        }
        (Value::Array(items), true, new) => {
            let Some(n) = place(step, items) else { return };
            match new {
                Some(new) => items[n] = new.clone(),
                None => drop(items.remove(n)),
            }
        }
        (Value::Object(members), false, new) => {
            if let Some(part) = members.get_mut(step) {
                edit_parsed(part, rest, new);
            }
        }
        (Value::Array(items), false, new) => {
            if let Some(n) = place(step, items) {
                edit_parsed(&mut items[n], rest, new);
            }
        }
        _ => {}
    }
}

/// The index that the step is, without leading zeros.
fn place(step: &str, items: &[Value]) -> Option<usize> {
    (0..items.len()).find(|n| n.to_string() == step)
}
