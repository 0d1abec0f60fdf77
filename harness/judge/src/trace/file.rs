//! `trace.jsonl` on disk. A trace may be a stranger's: its size is bounded and every line is checked.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, BufWriter, Read, Write as _},
    path::Path,
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{CaseRecord, EndRecord, Line, RunRecord};
use crate::{error::InputError, schemas::Schemas};

/// A whole trace.
#[derive(Debug, Clone)]
pub struct Trace {
    pub run: RunRecord,
    pub cases: Vec<CaseRecord>,
    pub end: EndRecord,
    /// SHA-256 of its bytes.
    pub digest: String,
}

/// Writes it down; the SHA-256 of its bytes.
pub fn write(path: &Path, run: &RunRecord, cases: &[CaseRecord], end: &EndRecord) -> Result<String, InputError> {
    let fail = |error: io::Error| InputError::new(path, "", format!("cannot be written: {error}"));
    let mut file = BufWriter::new(File::create(path).map_err(fail)?);
    let mut hash = Sha256::new();
    let mut line = |line: &Line| -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        hash.update(&bytes);
        file.write_all(&bytes)
    };
    line(&Line::Run(Box::new(run.clone()))).map_err(fail)?;
    for case in cases {
        line(&Line::Case(Box::new(case.clone()))).map_err(fail)?;
    }
    line(&Line::End(end.clone())).map_err(fail)?;
    file.flush().map_err(fail)?;
    Ok(digest(hash))
}

pub fn read(path: &Path, schemas: &Schemas) -> Result<Trace, InputError> {
    let file = File::open(path).map_err(|error| InputError::new(path, "", format!("cannot be read: {error}")))?;
    read_from(&path.display().to_string(), file, schemas)
}

/// The same from wherever the bytes come; `file` is what they are called in errors.
pub fn read_from(file: &str, bytes: impl Read, schemas: &Schemas) -> Result<Trace, InputError> {
    let mut reader = BufReader::new(bytes.take(MAX_TRACE));
    let mut hash = Sha256::new();
    let (mut run, mut cases, mut end) = (None, Vec::new(), None);
    let mut text = String::new();
    for number in 1.. {
        let place = format!("{file}:{number}");
        text.clear();
        let read = reader
            .read_line(&mut text)
            .map_err(|error| InputError::at(&place, "", format!("cannot be read: {error}")))?;
        if read == 0 {
            break;
        }
        hash.update(&text);
        let value: Value =
            serde_json::from_str(&text).map_err(|error| InputError::at(&place, "", format!("is not JSON: {error}")))?;
        schemas.check_file("trace", &place, &value)?;
        let line: Line =
            serde_json::from_value(value).map_err(|error| InputError::at(&place, "", error.to_string()))?;
        match line {
            Line::Run(record) if number == 1 => run = Some(*record),
            Line::Run(_) => return Err(InputError::at(&place, "", "a second first line")),
            Line::Case(record) => cases.push(*record),
            Line::End(record) => end = Some(record),
        }
    }
    let missing = |what: &str| InputError::at(file, "", format!("{what}: the trace was cut short, or is none"));
    let run = run.ok_or_else(|| missing("it does not start with a run line"))?;
    let end = end.ok_or_else(|| missing("it does not end with an end line"))?;
    if end.cases != cases.len() {
        return Err(missing(&format!(
            "{} cases are announced and {} are there",
            end.cases,
            cases.len()
        )));
    }
    Ok(Trace {
        run,
        cases,
        end,
        digest: digest(hash),
    })
}

fn digest(hash: Sha256) -> String {
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash.finalize()))
}

/// A trace of a large profile is some tens of megabytes.
const MAX_TRACE: u64 = 2 << 30;

#[cfg(test)]
mod tests;
