//! The published Python node as the outside world: what it must agree on, and what is known to be its own.
//!
//! It is installed by the pinned recipe into `target/`. Where the package registry cannot be reached the tests are ignored, and say why.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{Arc, OnceLock},
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

const VERSION: &str = "0.9.0a1";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let installed: Arc<OnceLock<Result<PathBuf, String>>> = Arc::default();
    let trial = |name: &str, test: fn(&Path) -> Result<(), Failed>| {
        let installed = Arc::clone(&installed);
        Trial::ignorable_test(name, move || match installed.get_or_init(install) {
            Ok(target) => test(target).map(|()| Completion::Completed),
            Err(why) => Ok(Completion::ignored_with(format!("not run: {why}"))),
        })
    };
    let trials = vec![
        trial(
            "the_published_node_agrees_on_every_worked_content_id",
            worked_content_ids,
        ),
        trial("the_published_node_survives_a_crash_without_loss", crash),
        trial("the_published_node_is_told_what_its_errors_lack", error_bodies),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Installs the node beside a copy of its target file; the error says why it could not be.
fn install() -> Result<PathBuf, String> {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published");
    let fail = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(folder.join("published")).map_err(fail)?;
    for entry in std::fs::read_dir(targets.join("published")).map_err(fail)?.flatten() {
        std::fs::copy(entry.path(), folder.join("published").join(entry.file_name())).map_err(fail)?;
    }
    let file = format!("stigmem-node-{VERSION}.toml");
    std::fs::copy(targets.join(&file), folder.join(&file)).map_err(fail)?;
    let output = Command::new("sh")
        .arg(folder.join("published/install.sh"))
        .args([
            VERSION,
            folder.join(".installed").join(VERSION).to_str().unwrap_or_default(),
        ])
        .output()
        .map_err(fail)?;
    if output.status.success() {
        return Ok(folder.join(file));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "the node cannot be installed: {}",
        said.lines().last().unwrap_or("no message")
    ))
}

/// Verdicts by case id.
fn run(target: &Path, select: &str) -> Result<Vec<(String, String, String)>, Failed> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(env!("CARGO_BIN_EXE_stigmem-conformance"))
        .args(["run", "--timeout", "30", "--select", select, "--target"])
        .arg(target)
        .arg("--report-dir")
        .arg(folder.path())
        .output()?;
    let report = std::fs::read_to_string(folder.path().join("report.json"))
        .map_err(|_| Failed::from(String::from_utf8_lossy(&output.stderr).into_owned()))?;
    let report: Value = serde_json::from_str(&report)?;
    let text = |case: &Value, member: &str| case[member].as_str().unwrap_or_default().to_owned();
    let cases = report["cases"].as_array().into_iter().flatten();
    Ok(cases
        .map(|case| (text(case, "id"), text(case, "verdict"), text(case, "message")))
        .collect())
}

fn worked_content_ids(target: &Path) -> Result<(), Failed> {
    let cases = run(target, WORKED)?;
    let wrong: Vec<_> = cases.iter().filter(|(_, verdict, _)| verdict != "pass").collect();
    if cases.len() < 20 || !wrong.is_empty() {
        return Err(format!("{} cases, not passed: {wrong:?}", cases.len()).into());
    }
    Ok(())
}

fn crash(target: &Path) -> Result<(), Failed> {
    let cases = run(target, "HTTP-27")?;
    match cases.iter().any(|(_, verdict, _)| verdict == "pass") {
        true => Ok(()),
        false => Err(format!("{cases:?}").into()),
    }
}

/// Its errors carry no code: the rule must see that, and blame nothing else.
fn error_bodies(target: &Path) -> Result<(), Failed> {
    let cases = run(target, "every-refusal-has-a-code-and-a-detail,FACT-15")?;
    match cases
        .iter()
        .any(|(id, verdict, _)| id == "every-refusal-has-a-code-and-a-detail" && verdict == "fail")
    {
        true => Ok(()),
        false => Err(format!("{cases:?}").into()),
    }
}

/// The tables of worked content ids.
const WORKED: &str = "content-id-of-a-confidence,content-id-of-an-integer-literal,content-id-of-other-number-literals,\
    content-id-of-a-boolean-or-null,content-id-of-a-plain-fact,content-id-covers-scope-and-confidence,content-id-of-e3";
