//! `report.json` on disk. A report may be a stranger's: its size is bounded and everything in it is checked.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Report, figures};
use crate::{error::InputError, schemas::Schemas};

pub fn read(path: &Path, schemas: &Schemas) -> Result<Report, InputError> {
    Ok(read_with_text(path, schemas)?.1)
}

/// For what is said about the very bytes of the file.
pub fn read_with_text(path: &Path, schemas: &Schemas) -> Result<(String, Report), InputError> {
    let text = text(path)?;
    let report = parse(&text, path, schemas)?;
    Ok((text, report))
}

/// The text of a report; `path` is what people are told.
pub fn parse(text: &str, path: &Path, schemas: &Schemas) -> Result<Report, InputError> {
    let value: Value = serde_json::from_str(text).map_err(|error| wrong(path, "", &format!("is not JSON: {error}")))?;
    if let Some(mismatch) = schemas.mismatch("report", &value) {
        let what = format!("is not a report: {}", mismatch.message);
        return Err(wrong(path, &mismatch.pointer, &what));
    }
    let report: Report =
        serde_json::from_value(value).map_err(|error| wrong(path, "", &format!("is not a report: {error}")))?;
    let requirements = report.requirements.iter().map(|requirement| requirement.id.as_str());
    once(path, "requirements", requirements)?;
    once(path, "cases", report.cases.iter().map(|case| case.id.as_str()))?;
    Ok(report)
}

/// The file itself, or every `report.json` at any depth of a folder, in an order that is always the same. Links to folders are not followed.
pub fn find(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    collect(path, &mut found)?;
    match found.is_empty() {
        true => Err(wrong(path, "", &format!("there is no {NAME} in this folder"))),
        false => Ok(found),
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), InputError> {
    let fail = |error: std::io::Error| unreadable(folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        paths.push((entry.path(), entry.file_type().map_err(fail)?));
    }
    // The reports of a folder come before those of the folders in it.
    paths.sort_by_key(|(path, kind)| (kind.is_dir(), path.clone()));
    for (path, kind) in paths {
        if kind.is_dir() {
            collect(&path, found)?;
        } else if path.file_name().is_some_and(|name| name == NAME) {
            found.push(path);
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, InputError> {
    let fail = |error: std::io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    // Not by what the file system says of its length: it may be a pipe, or grow.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MAX_FILE {
        let what = format!("is larger than {} MiB, which no report is", MAX_FILE >> 20);
        return Err(wrong(path, "", &what));
    }
    String::from_utf8(bytes).map_err(|error| wrong(path, "", &format!("is not JSON: {error}")))
}

/// Two results under one id would hide one of them.
fn once<'a>(path: &Path, member: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), InputError> {
    let mut seen = BTreeSet::new();
    for (n, id) in ids.enumerate() {
        if !seen.insert(id) {
            return Err(wrong(
                path,
                &format!("/{member}/{n}/id"),
                &format!("{id:?} comes twice"),
            ));
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> InputError {
    wrong(path, "", &format!("cannot be read: {error}"))
}

/// Names of files and members of a stranger's report go to a terminal.
fn wrong(path: &Path, pointer: &str, message: &str) -> InputError {
    InputError::at(
        figures::flat(&path.display().to_string()),
        &figures::flat(pointer),
        figures::flat(message),
    )
}

const NAME: &str = "report.json";

/// The largest that was seen had four megabytes.
const MAX_FILE: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::{
        report::{json as as_json, tests::sample},
        schemas::tests::SCHEMAS,
    };

    fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, bytes).unwrap();
        file
    }

    fn refused(file: &Path) -> InputError {
        read(file, &SCHEMAS).unwrap_err()
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let text = as_json::render(&sample::report()).unwrap();
        let file = write(&folder, NAME, &text);
        assert_eq!(read(&file, &SCHEMAS).unwrap(), sample::report());
        assert_eq!(read_with_text(&file, &SCHEMAS).unwrap(), (text, sample::report()));
    }

    #[test]
    fn the_reports_of_a_folder_come_before_those_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["report.json", "a/report.json", "a/x/report.json", "b/report.json"];
        let files = names.map(|name| write(&folder, name, ""));
        write(&folder, "a/other.json", "");
        assert_eq!(find(folder.path()).unwrap(), files);
        assert_eq!(find(&files[1]).unwrap(), files[1..2]);
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(
            find(empty.path()).unwrap_err().message,
            "there is no report.json in this folder"
        );
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, words) in [
            (&b"<html>"[..], "is not JSON: "),
            (&[0xff][..], "is not JSON: "),
            (&b"{}"[..], "is not a report: "),
        ] {
            let error = refused(&write(&folder, NAME, bytes));
            assert!(error.message.starts_with(words), "{error}");
            assert!(error.place.ends_with(NAME), "{error}");
        }
        assert!(
            refused(Path::new("/nowhere.json"))
                .message
                .starts_with("cannot be read: ")
        );
    }

    #[test]
    fn one_result_under_each_id() {
        let folder = tempfile::tempdir().unwrap();
        for (pointer, id) in [("/cases/3/id", "names/empty"), ("/requirements/1/id", "SEM-07")] {
            let mut report = serde_json::to_value(sample::report()).unwrap();
            *report.pointer_mut(pointer).unwrap() = json!(id);
            let error = refused(&write(&folder, NAME, report.to_string()));
            assert_eq!(
                (error.pointer.as_str(), error.message),
                (pointer, format!("{id:?} comes twice"))
            );
        }
    }

    #[test]
    fn a_report_has_a_largest_size() {
        let folder = tempfile::tempdir().unwrap();
        let file = write(&folder, NAME, "");
        let of_length = |bytes: u64| {
            File::options().write(true).open(&file).unwrap().set_len(bytes).unwrap();
            refused(&file).message
        };
        assert!(of_length(67_108_864).starts_with("is not JSON: "));
        assert_eq!(of_length(67_108_865), "is larger than 64 MiB, which no report is");
    }
}
