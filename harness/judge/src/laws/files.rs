//! Files: vectors, targets, traces and specifications that somebody else wrote.

use std::{fs, path::PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::{
    EDITION,
    drawn::{bodies, texts},
    records::{ends, of_case, runs},
};
use crate::{
    adapter::file::AdapterFile,
    data::Data,
    registry,
    target::Target,
    trace,
    vectors::{self, lint},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_vector_file_with_one_thing_changed_is_read_or_refused(at in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), new in prop::option::of(bodies())) {
        let files: Vec<(&str, &str)> = EDITION.data.below("vectors/", ".json").filter(|(name, _)| !name.contains("/pure/")).collect();
        let (name, text) = files[at.index(files.len())];
        let mut file: Value = serde_json::from_str(text).expect("our own vectors");
        change(&mut file, place, new);
        let read = || vectors::load(&Data::of([(name.to_owned(), file.to_string())]), &EDITION.schemas);
        match (read(), read()) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
                let _ = lint::lint(&one, &EDITION.registry, &EDITION.schemas, &EDITION.registry.features());
            }
            (one, other) => prop_assert_eq!(one.err(), other.err()),
        }
    }

    #[test]
    fn no_text_is_taken_for_a_vector_file(text in texts()) {
        prop_assert!(vectors::load(&Data::of([("vectors/x/x.json".to_owned(), text)]), &EDITION.schemas).is_err());
    }

    #[test]
    fn a_target_file_with_one_thing_changed_is_read_or_refused(at in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), new in prop::option::of(bodies())) {
        let files: Vec<&str> = EDITION.data.below("targets/", ".toml").map(|(_, text)| text).collect();
        let mut file: Value = toml::from_str(files[at.index(files.len())]).expect("our own targets");
        change(&mut file, place, new);
        // What TOML has no word for is not written.
        let Ok(text) = toml::to_string(&file) else { return Ok(()) };
        if let Ok(target) = read_target(&text) {
            let written = toml::to_string(&target).expect("a target can be written");
            let again = read_target(&written).expect("what was written");
            prop_assert_eq!(serde_json::to_value(&again).expect("JSON"), serde_json::to_value(&target).expect("JSON"), "{}", written);
        }
    }

    #[test]
    fn an_adapter_file_with_one_thing_changed_is_read_or_refused(place in any::<prop::sample::Index>(), new in prop::option::of(bodies())) {
        let text = EDITION.data.get("adapters/bundled.toml").expect("our own adapters");
        let mut file: Value = toml::from_str(text).expect("our own adapters");
        change(&mut file, place, new);
        // What TOML has no word for is not written.
        let Ok(text) = toml::to_string(&file) else { return Ok(()) };
        let read = || AdapterFile::parse(&text, "x.toml", PathBuf::from("."), &EDITION.schemas);
        match (read(), read()) {
            (Ok(one), Ok(_)) => {
                for kind in one.kinds() {
                    let _ = one.clone().adapter(kind).map(|adapter| adapter.conditions());
                }
            }
            (one, other) => prop_assert_eq!(one.err(), other.err()),
        }
    }

    #[test]
    fn no_text_makes_a_reader_of_files_panic(text in texts(), toml in "[\\[\\]{}=\"'a-z0-9.\n #,-]{0,40}") {
        let _ = read_target(&text);
        let _ = read_target(&toml);
        let _ = registry::parse("spec/x.md", &text);
        let _ = registry::parse("spec/x.md", &format!("> **SEM-07** · MUST · node · core\n> {text}\n"));
        let _ = trace::file::read_from("trace.jsonl", text.as_bytes(), &EDITION.schemas);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_trace_reads_back_and_is_written_the_same(run in runs(), cases in prop::collection::vec(of_case("a-case".to_owned()), 0..3)) {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, other) = (folder.path().join("one.jsonl"), folder.path().join("other.jsonl"));
        let digest = trace::file::write(&one, &run, &cases, &ends(cases.len())).expect("it can be written");
        let read = trace::file::read(&one, &EDITION.schemas).expect("it was written");
        prop_assert_eq!(&read.digest, &digest);
        prop_assert_eq!((&read.run, &read.cases), (&run, &cases));
        trace::file::write(&other, &read.run, &read.cases, &read.end).expect("it can be written");
        prop_assert_eq!(fs::read(one).expect("it is there"), fs::read(other).expect("it is there"));
    }

    #[test]
    fn a_trace_that_was_cut_or_changed_is_read_or_refused(run in runs(), record in of_case("a-case".to_owned()), at in any::<prop::sample::Index>(), byte: u8) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("trace.jsonl");
        trace::file::write(&file, &run, &[record], &ends(1)).expect("it can be written");
        let mut bytes = fs::read(file).expect("it is there");
        let at = at.index(bytes.len());
        let short = &bytes[..at];
        prop_assert!(trace::file::read_from("cut", short, &EDITION.schemas).is_err() || short.len() + 1 == bytes.len());
        bytes[at] = byte;
        let _ = trace::file::read_from("changed", &bytes[..], &EDITION.schemas);
    }
}

fn read_target(text: &str) -> Result<Target, crate::error::InputError> {
    Target::parse(text, "target.toml", PathBuf::from("."), &EDITION.schemas)
}

/// Puts something else at one place, or takes away what is there.
fn change(file: &mut Value, place: prop::sample::Index, new: Option<Value>) {
    let mut places = Vec::new();
    collect(file, String::new(), &mut places);
    let pointer = &places[place.index(places.len())];
    match new {
        Some(new) => {
            if let Some(part) = file.pointer_mut(pointer) {
                *part = new;
            }
        }
        None => take_away(file, pointer),
    }
}

fn take_away(file: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return;
    };
    match file.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => {
            if let Some(n) = name.parse::<usize>().ok().filter(|n| *n < items.len()) {
                items.remove(n);
            }
        }
        _ => {}
    }
}

fn collect(value: &Value, pointer: String, places: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, part) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(part, format!("{pointer}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (n, part) in items.iter().enumerate() {
                collect(part, format!("{pointer}/{n}"), places);
            }
        }
        _ => {}
    }
    places.push(pointer);
}
