//! Adapter files, files of cases about adapters, command lines, and the context blocks that adapters print.

use std::path::PathBuf;

use serde_json::{Map, Value};
use stigmem_conformance::adapter::{
    case,
    context::Block,
    file::AdapterFile,
    template::{self, Part},
};

use crate::EDITION;

pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(file) = AdapterFile::parse(text, "adapter.toml", PathBuf::from("."), &EDITION.schemas) {
        for kind in file.kinds() {
            let adapter = file.clone().adapter(kind).expect("it is described");
            assert!(!adapter.conditions().is_empty());
        }
    }
    if let Ok(value) = serde_json::from_str::<Value>(text)
        && EDITION.schemas.check_file("adapter", "x.json", &value).is_ok()
    {
        cases(&value);
    }
    block(text);
    if let Ok(words) = template::words(text) {
        let parts: Vec<Part> = words.into_iter().map(Part::One).collect();
        template::arguments(&parts, &Map::new());
    }
}

fn cases(file: &Value) {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let read = case::read_file("x.json", file, &mut one);
    assert_eq!(read.err(), case::read_file("x.json", file, &mut other).err());
    assert!(one.iter().map(|case| &case.id).eq(other.iter().map(|case| &case.id)));
}

/// No line of it is lost or counted twice.
fn block(text: &str) {
    let lines = text.lines().filter(|line| !line.trim_end().is_empty()).count();
    let read = Block::read(text);
    assert_eq!(read.is_some(), lines > 0);
    if let Some(block) = read {
        let found = block.headings + block.namespaces.len() + block.facts.len() + block.other.len();
        assert_eq!(found, lines);
        let _ = (block.seen(), block.settled());
    }
}
