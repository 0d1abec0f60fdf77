//! `trace.jsonl` on disk. A trace may be a stranger's: its size is bounded and every line is checked.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
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
    let mut file = Hashing::new(BufWriter::new(File::create(path).map_err(fail)?));
    let mut line = |line: &Line| -> io::Result<()> {
        serde_json::to_writer(&mut file, line)?;
        file.write_all(b"\n")
    };
    line(&Line::Run(Box::new(run.clone()))).map_err(fail)?;
    for case in cases {
        line(&Line::Case(Box::new(case.clone()))).map_err(fail)?;
    }
    line(&Line::End(end.clone())).map_err(fail)?;
    file.flush().map_err(fail)?;
    Ok(file.digest())
}

pub fn read(path: &Path, schemas: &Schemas) -> Result<Trace, InputError> {
    let file = File::open(path).map_err(|error| InputError::new(path, "", format!("cannot be read: {error}")))?;
    read_from(&path.display().to_string(), file, schemas)
}

/// The same from wherever the bytes come; `file` is what they are called in errors.
pub fn read_from(file: &str, bytes: impl Read, schemas: &Schemas) -> Result<Trace, InputError> {
    let mut reader = BufReader::new(Hashing::new(bytes.take(MAX_TRACE)));
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
    let digest = reader.into_inner().digest();
    Ok(Trace {
        run,
        cases,
        end,
        digest,
    })
}

/// A file whose bytes are counted into a digest as they pass.
struct Hashing<F> {
    file: F,
    hash: Sha256,
}

impl<F> Hashing<F> {
    fn new(file: F) -> Self {
        Self {
            file,
            hash: Sha256::new(),
        }
    }

    fn digest(self) -> String {
        format!("sha256:{}", data_encoding::HEXLOWER.encode(&self.hash.finalize()))
    }
}

impl<F: Read> Read for Hashing<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

impl<F: Write> Write for Hashing<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A trace of a large profile is some tens of megabytes.
const MAX_TRACE: u64 = 2 << 30;

#[cfg(test)]
mod tests;
