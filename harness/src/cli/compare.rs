//! `compare`: reports side by side.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::IsTerminal as _,
    path::{Component, Path, PathBuf},
};

use clap::Args;

use super::{DataArgs, say, say_error};
use crate::{
    compare::{self, Links, Source},
    data::Data,
    error::{InputError, RunError},
    exit::Exit,
    report::{
        self,
        curl::visible,
        terminal::{self, View},
    },
    schemas::Schemas,
};

#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Reports (report.json), or folders that hold some at any depth. Each is compared with the first one of its profile
    #[arg(value_name = "REPORT", required_unless_present = "index")]
    reports: Vec<PathBuf>,
    /// Also write the comparison as Markdown
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Also write it as one page that needs nothing but a browser
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare nothing: write DIR/index.html, which shows all reports in the folder side by side
    #[arg(long, value_name = "DIR", conflicts_with_all = ["reports", "markdown", "html"])]
    index: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

pub(super) fn compare(args: &CompareArgs) -> Result<Exit, RunError> {
    let folder = args.data.data.as_deref();
    let schemas = Schemas::load(&folder.map_or_else(|| Ok(Data::embedded()), Data::read)?)?;
    if let Some(folder) = &args.index {
        return index(folder, &schemas);
    }
    let files = files(&args.reports)?;
    let sources = read(&files, args.html.as_deref().map(folder_of), &schemas)?;
    let groups = compare::groups(&sources);
    if groups.iter().all(|group| group.pairs.is_empty()) {
        return Err(InputError::at("", "", nothing_to_compare(&groups)).into());
    }
    let mut written = Vec::new();
    if let Some(path) = &args.html {
        written.push(write(path, &report::html::comparison::render(&groups)?)?);
    }
    if let Some(path) = &args.markdown {
        written.push(write(path, &report::markdown::comparison::render(&groups))?);
    }
    let at_terminal = std::io::stdout().is_terminal();
    let view = View {
        colour: at_terminal,
        width: if at_terminal { 120 } else { 100 },
        written: &written,
    };
    say(&terminal::comparison::render(&groups, &view));
    Ok(if compare::is_worse(&groups) {
        Exit::NotConformant
    } else {
        Exit::Ok
    })
}

fn index(folder: &Path, schemas: &Schemas) -> Result<Exit, RunError> {
    if !folder.is_dir() {
        return Err(InputError::new(folder, "", "is not a folder; --index wants one with reports").into());
    }
    let files = files(&[folder.to_owned()])?;
    let mut sources = read(&files, Some(folder), schemas)?;
    for (source, file) in sources.iter_mut().zip(&files) {
        // The page may be published, and its readers know no other folder.
        source.place = file.strip_prefix(folder).unwrap_or(file).display().to_string();
    }
    let page = report::html::comparison::index(&compare::groups(&sources))?;
    let written = write(&folder.join("index.html"), &page)?;
    say(&format!(
        "{} reports: {}\n",
        sources.len(),
        visible(&written, usize::MAX)
    ));
    Ok(Exit::Ok)
}

fn nothing_to_compare(groups: &[compare::Group<'_>]) -> String {
    let have: Vec<String> = groups
        .iter()
        .map(|group| format!("one of profile {}", visible(group.profile, 80)))
        .collect();
    format!(
        "a comparison wants two reports of one profile; there is {}",
        have.join(" and ")
    )
}

/// All files once, in the order in which they were given.
fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut seen = Vec::new();
    let mut files = Vec::new();
    for path in given {
        for file in report::file::find(path)? {
            let same = fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
            if seen.contains(&same) {
                let name = visible(&file.display().to_string(), usize::MAX);
                say_error(&format!("note: {name} is given more than once, and taken once"));
                continue;
            }
            seen.push(same);
            files.push(file);
        }
    }
    if files.len() > MAX_REPORTS {
        let message = format!("{} reports; {MAX_REPORTS} at once are the most", files.len());
        return Err(InputError::at("", "", message));
    }
    Ok(files)
}

/// `page` is the folder that links start from.
fn read(files: &[PathBuf], page: Option<&Path>, schemas: &Schemas) -> Result<Vec<Source>, InputError> {
    let mut sources = Vec::new();
    for file in files {
        let mut report = report::file::read(file, schemas)?;
        // The evidence is most of a report, and no part of the comparison.
        report.cases.iter_mut().for_each(|case| case.failures = Vec::new());
        sources.push(Source {
            place: file.display().to_string(),
            links: page.map(|page| links(file, page)).unwrap_or_default(),
            report,
        });
    }
    Ok(sources)
}

/// What lies beside or below the page that is written can be linked to.
fn links(file: &Path, page: &Path) -> Links {
    let below = |path: &Path| {
        let (path, page) = (fs::canonicalize(path).ok()?, fs::canonicalize(page).ok()?);
        Some(reference(path.strip_prefix(page).ok()?))
    };
    Links {
        page: below(&file.with_extension("html")),
        json: below(file),
    }
}

/// Every name in it is escaped, so that none can be anything but a name.
fn reference(path: &Path) -> String {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(escaped(name)),
        _ => None,
    });
    names.collect::<Vec<_>>().join("/")
}

fn escaped(name: &OsStr) -> String {
    let mut out = String::new();
    for byte in name.as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn folder_of(file: &Path) -> &Path {
    let parent = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn write(path: &Path, text: &str) -> Result<String, InputError> {
    fs::write(path, text).map_err(|error| InputError::new(path, "", format!("cannot be written: {error}")))?;
    Ok(path.display().to_string())
}

const MAX_REPORTS: usize = 100;

pub(super) const EXIT_CODES: &str = "Exit codes:
  0   nothing is broken, newly failing, newly inconclusive, newly unreachable or newly in error
  1   something is
  2   wrong invocation, or a file that cannot be read or is no report";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_name_and_nothing_else() {
        assert_eq!(reference(Path::new("node 1/report.html")), "node%201/report.html");
        assert_eq!(
            reference(Path::new("javascript:x()/\"é")),
            "javascript%3Ax%28%29/%22%C3%A9"
        );
    }
}
