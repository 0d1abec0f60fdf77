//! The data folders (`spec`, `schemas`, `vectors`, `targets`, `adapters`, `deviations`): embedded in the binary, or read from `--data DIR`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::error::InputError;

static EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/data.rs"));

/// Text files by their path from the top of the repository, `/` as separator.
#[derive(Debug, Clone)]
pub struct Data {
    files: BTreeMap<String, String>,
    /// Where the files were read from; `None` when they are the embedded ones.
    pub origin: Option<PathBuf>,
}

impl Data {
    pub fn embedded() -> Self {
        let files = EMBEDDED
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        Self { files, origin: None }
    }

    /// These files alone.
    pub fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            files: files.into_iter().collect(),
            origin: None,
        }
    }

    /// Reads `DIR/spec`, `DIR/schemas` and `DIR/vectors`.
    pub fn read(dir: &Path) -> Result<Self, InputError> {
        let mut files = BTreeMap::new();
        for folder in ["spec", "schemas", "vectors"] {
            let path = dir.join(folder);
            if !path.is_dir() {
                return Err(InputError::new(
                    &path,
                    "",
                    "this folder is missing; --data wants a folder that holds spec, schemas and vectors",
                ));
            }
            read_folder(&path, folder, &mut files)?;
        }
        let ours = |name: &str| OURS.iter().any(|folder| name.starts_with(folder));
        for (name, text) in EMBEDDED.iter().filter(|(name, _)| ours(name)) {
            files.insert((*name).to_owned(), (*text).to_owned());
        }
        Ok(Self {
            files,
            origin: Some(dir.to_owned()),
        })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }

    /// Files whose path starts with `folder` and ends with `end`, in order of their paths.
    pub fn below<'a>(&'a self, folder: &'a str, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(name, _)| name.starts_with(folder) && name.ends_with(end))
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// SHA-256 over the paths and bytes of a folder, so that a report says which edition judged it.
    pub fn digest(&self, folder: &str) -> String {
        let mut hash = Sha256::new();
        for (name, text) in self.below(folder, "") {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash.finalize()))
    }
}

fn read_folder(path: &Path, name: &str, files: &mut BTreeMap<String, String>) -> Result<(), InputError> {
    let entries = fs::read_dir(path).map_err(|error| InputError::new(path, "", format!("cannot be read: {error}")))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            read_folder(&path, &name, files)?;
        } else if [".md", ".json", ".txt"].iter().any(|end| name.ends_with(end)) {
            let size = entry.metadata().map_or(0, |meta| meta.len());
            if size > MAX_FILE {
                return Err(InputError::new(
                    &path,
                    "",
                    format!("is {size} bytes; a data file may have {MAX_FILE}"),
                ));
            }
            let text = fs::read_to_string(&path)
                .map_err(|error| InputError::new(&path, "", format!("cannot be read: {error}")))?;
            files.insert(name, text);
        }
    }
    Ok(())
}

/// Folders of the kit's own, which `--data` does not replace.
const OURS: [&str; 3] = ["targets/", "adapters/", "deviations/"];

const MAX_FILE: u64 = 4 << 20;

#[cfg(test)]
mod tests;
