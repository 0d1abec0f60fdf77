//! Doors for `harness/fuzz/` to readers that nobody else needs from outside. Only in builds with the feature `fuzzing`.

use std::{collections::BTreeMap, path::PathBuf};

use hyper::body::Bytes;
use serde_json::{Map, Value};

use crate::{error::InputError, schemas::Schemas, target::Target, world::mask::edit};

/// A target file.
pub fn target(text: &str, schemas: &Schemas) -> Result<Target, InputError> {
    Target::parse(text, "target.toml", PathBuf::from("."), schemas)
}

/// A body after the edits of a mask.
pub fn edited(body: &[u8], edits: &Map<String, Value>) -> Option<Vec<u8>> {
    edit::edited(&Bytes::copy_from_slice(body), edits).map(|bytes| bytes.to_vec())
}

/// A path with its query after the edits of a mask.
pub fn asked(target: &str, edits: &BTreeMap<String, Option<String>>) -> String {
    edit::asked(target, edits)
}
