//! `init`: looks at a node that is running, says what it found, and writes a target file for it.
//!
//! It sends a handful of GET requests and nothing that writes. What cannot be seen that way is named as not seen. The key goes
//! only where the user's URL points, never along a redirect to another place.

mod discover;
mod key;
mod probe;
mod toml_file;

use std::{
    fmt::{self, Display, Formatter},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Args;

use self::{discover::Found, probe::Probe};
use crate::{
    error::{InputError, RunError},
    report::curl::{quoted, visible},
    schemas::Schemas,
    world::{
        http::Limits,
        keys::{self, Key},
    },
};

#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Base URL of the node: http://127.0.0.1:8765
    pub url: String,
    /// Environment variable with an API key for the node
    #[arg(long, value_name = "NAME")]
    pub key_env: Option<String>,
    /// Where the target file goes
    #[arg(long, value_name = "FILE", default_value = "target.toml")]
    pub out: PathBuf,
    /// Overwrite the file if it is there
    #[arg(long)]
    pub force: bool,
}

/// What was found, and what to do next.
#[derive(Debug)]
pub struct InitReport {
    /// Where the node is; may be another URL than the one that was given.
    pub url: String,
    pub findings: Vec<Finding>,
    /// The file that was written.
    pub file: PathBuf,
    /// Commands to go on with.
    pub next: Vec<String>,
    /// How many requests the node got.
    pub requests: usize,
}

/// One thing that was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub mark: Mark,
    /// One line. What a node sent is made visible in it.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    /// Something to look at; the kit can still work with it.
    Wrong,
    /// Could not be told from here.
    Unknown,
}

impl Finding {
    fn good(text: impl Into<String>) -> Self {
        Self {
            mark: Mark::Good,
            text: text.into(),
        }
    }

    fn wrong(text: impl Into<String>) -> Self {
        Self {
            mark: Mark::Wrong,
            text: text.into(),
        }
    }

    fn unknown(text: impl Into<String>) -> Self {
        Self {
            mark: Mark::Unknown,
            text: text.into(),
        }
    }
}

/// Probes the node and writes the file. Exit codes of the errors: 2 for what the user gave (URL, key, file), 3 for everything that
/// keeps the kit from a Stigmem node there (nothing listens, TLS, redirects, a web page, another service).
pub async fn init(args: &InitArgs, schemas: &Schemas, limits: Limits) -> Result<InitReport, RunError> {
    if !args.force && args.out.exists() {
        return Err(exists(&args.out).into());
    }
    let key = args.key_env.as_deref().map(key_from).transpose()?;
    let mut probe = Probe::new(limits);
    let mut found = discover::discover(&args.url, schemas, &mut probe).await?;
    let access = key::look(&mut found, key.as_ref(), args.key_env.as_deref(), schemas, &mut probe).await?;
    found.findings.push(Finding::unknown(
        "optional features (include-retracted, push and others that the file lists): a node ignores parameters it does not know, so looking does not tell; \
         read its documentation and list them under `features`",
    ));
    let text = toml_file::text(&found, &access);
    toml_file::check(&text, &args.out, schemas)?;
    write(&args.out, &text, args.force)?;
    let next = next(args, &found, &access);
    Ok(InitReport {
        url: found.base,
        findings: found.findings,
        file: args.out.clone(),
        next,
        requests: probe.sent(),
    })
}

/// What is known about keys after looking.
#[derive(Debug, Default)]
struct Access {
    /// Queries without a key are refused.
    required: bool,
    /// The variable whose key works.
    key_env: Option<String>,
    /// That key says it has `admin`, and the node lists keys for it.
    manages_keys: bool,
}

fn key_from(variable: &str) -> Result<Key, InputError> {
    let named = !variable.is_empty() && !variable.starts_with(|char: char| char.is_ascii_digit());
    if !named
        || !variable
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        // Not repeated here: it may be the key.
        let message = "wants the name of an environment variable; the key itself does not belong on a command line";
        return Err(InputError::at("--key-env", "", message));
    }
    let raw = keys::from_env(variable).map_err(|missing| InputError::at("--key-env", "", missing))?;
    if raw.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(InputError::at(
            "--key-env",
            "",
            format!("the key in {variable} holds blanks or characters that no header can carry"),
        ));
    }
    Ok(Key {
        raw,
        shown: format!("{{key:{variable}}}"),
    })
}

fn exists(path: &Path) -> InputError {
    InputError::new(
        path,
        "",
        "exists already; give another --out, or --force to overwrite it",
    )
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), InputError> {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    // Without --force nothing is lost, also when somebody wrote the file since we looked.
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => exists(path),
        _ => InputError::new(path, "", format!("cannot be written: {error}")),
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| InputError::new(path, "", format!("cannot be written: {error}")))
}

fn next(args: &InitArgs, found: &Found, access: &Access) -> Vec<String> {
    let run = format!(
        "stigmem-conformance run --target {}",
        quoted(&args.out.to_string_lossy())
    );
    if !access.required || access.key_env.is_some() {
        return vec![run];
    }
    let again = format!(
        "stigmem-conformance init {} --key-env STIGMEM_KEY --out {} --force",
        quoted(&found.base),
        quoted(&args.out.to_string_lossy())
    );
    vec![
        "export STIGMEM_KEY=…   # a key with read and write on every scope".to_owned(),
        again,
        run,
    ]
}

impl Display for InitReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} ({} requests, all GET)",
            one_line(&self.url, 200),
            self.requests
        )?;
        for finding in &self.findings {
            let mark = match finding.mark {
                Mark::Good => "ok",
                Mark::Wrong => "look",
                Mark::Unknown => "could not tell",
            };
            writeln!(out, "  {mark}: {}", finding.text)?;
        }
        writeln!(out, "Wrote {}. Next:", self.file.display())?;
        for command in &self.next {
            writeln!(out, "  {command}")?;
        }
        Ok(())
    }
}

/// What a node sent, fit for one line of a terminal or of a comment.
fn one_line(text: &str, longest: usize) -> String {
    let single: String = text
        .chars()
        .map(|char| {
            if matches!(char, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                char
            }
        })
        .collect();
    visible(single.trim(), longest)
}

#[cfg(test)]
mod tests;
