//! Answers of nodes before the judge's tools: schemas, patterns, names, masks, and what people are shown. The first line is a pattern, the
//! rest is a body.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stigmem_conformance::{
    bindings::{Bindings, Saved},
    body::{self, MAX_BODY},
    fuzzing as kit,
    judge::pattern,
    report::curl,
    trace::Body,
};

use crate::{EDITION, is_plain};

pub fn check(data: &[u8]) {
    let split = data.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (first, rest) = data.split_at(split);
    let body = Body::of(rest.to_vec());
    let shown = curl::visible(body.text(), 1_500);
    assert!(is_plain(&shown), "{shown}");
    let value = body.json();
    if let Some(value) = &value {
        for (name, _) in EDITION.data.below("schemas/wire/", ".json") {
            let name = name.trim_start_matches("schemas/").trim_end_matches(".json");
            let mismatch = EDITION.schemas.mismatch(name, value);
            assert!(
                mismatch.is_none_or(|mismatch| value.pointer(&mismatch.pointer).is_some()),
                "{name}"
            );
        }
    }
    if let Ok(wanted) = serde_json::from_slice::<Value>(first) {
        judged(&wanted, value);
        if let Value::Object(edits) = &wanted {
            masked(rest, edits);
        }
    }
}

fn judged(wanted: &Value, value: Option<Value>) {
    let found = pattern::matches(wanted, value.as_ref());
    assert_eq!(pattern::matches(wanted, value.as_ref()), found);
    if let Err(wrong) = found {
        assert!(wrong.expected.len() < 450 && wrong.got.len() < 450, "{wrong:?}");
    }
    if let Ok(text) = body::emit(wanted) {
        assert!(text.len() <= MAX_BODY);
    }
    let mut bindings = Bindings::default();
    let saved = Saved {
        body: value.unwrap_or_default(),
        ..Saved::default()
    };
    bindings.save("first", saved);
    let _ = bindings.fill_value(wanted);
}

fn masked(body: &[u8], edits: &Map<String, Value>) {
    let edited = kit::edited(body, edits);
    assert_eq!(edited.is_some(), is_json(body));
    if edits.is_empty() {
        assert_eq!(edited.as_deref(), is_json(body).then_some(body));
    }
    let parameters: BTreeMap<String, Option<String>> = edits
        .iter()
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned)))
        .collect();
    let target = String::from_utf8_lossy(body);
    let once = kit::asked(&target, &parameters);
    assert_eq!(kit::asked(&once, &parameters), once);
}

fn is_json(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}
