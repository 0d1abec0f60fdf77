//! The published Python nodes as the outside world: what they must agree on, and what is known to be their own.
//!
//! They are installed by the pinned recipe into `target/`. Where the package registry cannot be reached the tests are ignored, and say why.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{Arc, OnceLock},
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;

/// A version, and the target file once it is installed or why it could not be.
struct Published {
    version: &'static str,
    installed: OnceLock<Result<PathBuf, String>>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They install, start and wait.
    arguments.test_threads.get_or_insert(4);
    let published = |version| {
        Arc::new(Published {
            version,
            installed: OnceLock::new(),
        })
    };
    let (first, tenth) = (published("0.9.0a1"), published("0.9.0a10"));
    let trial = |name: &str, node: &Arc<Published>, test: fn(&Path) -> Result<(), Failed>| {
        let node = Arc::clone(node);
        let name = format!("{name}_{}", node.version);
        Trial::ignorable_test(name, move || {
            match node.installed.get_or_init(|| install(node.version)) {
                Ok(target) => test(target).map(|()| Completion::Completed),
                Err(why) => Ok(Completion::ignored_with(format!("not run: {why}"))),
            }
        })
    };
    let trials = vec![
        trial("every_worked_content_id_agrees_with", &first, worked_content_ids),
        trial("a_crash_loses_nothing_in", &first, crash),
        trial("what_errors_lack_is_told_to", &first, error_bodies),
        trial("the_bundled_node_federates_with", &first, beside),
        trial("the_bundled_node_is_federated_with_by", &first, behind),
        trial("the_bundled_node_federates_with", &tenth, beside),
        trial("the_bundled_node_is_federated_with_by", &tenth, behind),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Installs the node beside a copy of its target file; the error says why it could not be.
fn install(version: &str) -> Result<PathBuf, String> {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("targets");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("published");
    let fail = |error: std::io::Error| error.to_string();
    std::fs::create_dir_all(folder.join("published")).map_err(fail)?;
    for entry in std::fs::read_dir(targets.join("published")).map_err(fail)?.flatten() {
        std::fs::copy(entry.path(), folder.join("published").join(entry.file_name())).map_err(fail)?;
    }
    let file = format!("stigmem-node-{version}.toml");
    std::fs::copy(targets.join(&file), folder.join(&file)).map_err(fail)?;
    let output = Command::new("sh")
        .arg(folder.join("published/install.sh"))
        .args([
            version,
            folder.join(".installed").join(version).to_str().unwrap_or_default(),
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

/// Id, verdict and message of each case.
type Verdicts = Vec<(String, String, String)>;

fn run(target: &Path, select: &str) -> Result<Verdicts, Failed> {
    judge(&["--select", select, "--target", &target.to_string_lossy()])
}

fn judge(arguments: &[&str]) -> Result<Verdicts, Failed> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(env!("CARGO_BIN_EXE_stigmem-conformance"))
        .args(["run", "--timeout", "30"])
        .args(arguments)
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

/// The bundled node is `a`, and the published one `b`.
fn beside(target: &Path) -> Result<(), Failed> {
    federate("a=bundled", &format!("b={}", target.display()))
}

/// The other way round.
fn behind(target: &Path) -> Result<(), Failed> {
    federate(&format!("a={}", target.display()), "b=bundled")
}

/// Facts of every type, retractions, a disagreement and a restart, over links, in both directions.
fn federate(one: &str, other: &str) -> Result<(), Failed> {
    let select = BETWEEN_TWO.join(",");
    let targets = ["--profile", "federation", "--target", one, "--target", other];
    let cases = judge(&[&targets[..], &["--select", &select]].concat())?;
    let missing: Vec<_> = BETWEEN_TWO
        .iter()
        .filter(|wanted| !cases.iter().any(|(id, ..)| id == **wanted))
        .collect();
    let wrong: Vec<_> = cases.iter().filter(|(_, verdict, _)| verdict != "pass").collect();
    if missing.is_empty() && wrong.is_empty() {
        return Ok(());
    }
    Err(format!("not run: {missing:?}, not passed: {wrong:?}").into())
}

/// A Python node takes seconds to start, and each case starts one: these are few, and played in both orders.
const BETWEEN_TWO: [&str; 4] = [
    "two-nodes-tell-each-other/number",
    "a-retraction-of-a-is-one-at-b",
    "a-disagreement-of-two-nodes-is-known-to-both",
    "a-catches-up-after-it-was-killed",
];

/// The tables of worked content ids.
const WORKED: &str = "content-id-of-a-confidence,content-id-of-an-integer-literal,content-id-of-other-number-literals,\
    content-id-of-a-boolean-or-null,content-id-of-a-plain-fact,content-id-covers-scope-and-confidence,content-id-of-e3";
