//! Adapters that are not ours: small ones that do what they should pass, and each mistake that they can make is found by the requirement
//! that it breaks.
//!
//! They are written in Python. Where there is none, the tests are ignored and say so.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::LazyLock,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::Value;
use stigmem_conformance::{
    adapter::{
        self,
        file::{AdapterFile, Kind},
        plan,
        play::{self, Setting},
    },
    data::Data,
    drive,
    judge::{self, Verdict},
    registry::Registry,
    schemas::Schemas,
    vectors::{self, Vectors},
    world::node::Ground,
};

const SCRIPT: &str = include_str!("adapter/adapter.py");
const FILE: &str = include_str!("adapter/adapter.toml");

const M: &str = "middleware";
const P: &str = "process";

/// A mistake, the kind of adapter that makes it, what is played, and the requirement that it breaks.
type Mistake = (&'static str, &'static str, &'static str, &'static str);

const MISTAKES: &[Mistake] = &[
    (
        "other-node",
        M,
        "requests-go-to-the-node-of-the-environment/checkout",
        "ADPT-01",
    ),
    (
        "other-node",
        P,
        "requests-go-to-the-node-of-the-environment/query",
        "ADPT-01",
    ),
    ("no-key", M, "the-key-goes-with-every-request/boot", "ADPT-02"),
    ("no-key", P, "the-key-goes-with-every-request/assert", "ADPT-02"),
    (
        "needs-a-key",
        M,
        "without-a-key-boot-shows-what-there-is/of-the-user",
        "ADPT-85",
    ),
    ("needs-a-key", M, "without-a-key-facts-are-written/checkout", "ADPT-85"),
    ("needs-a-key", P, "without-a-key-facts-are-written/assert", "ADPT-85"),
    ("needs-a-key", P, "without-a-key-calls-reach-the-node/query", "ADPT-85"),
    ("own-source", M, "ADPT-03", "ADPT-03"),
    ("no-source", M, "ADPT-04", "ADPT-04"),
    ("no-url-ends-well", P, "ADPT-05", "ADPT-05"),
    ("no-url-silent", P, "ADPT-06", "ADPT-06"),
    ("no-url-vague", P, "ADPT-07", "ADPT-07"),
    ("no-url-fails", M, "ADPT-08", "ADPT-08"),
    ("no-url-speaks", M, "ADPT-09", "ADPT-09"),
    ("no-probe", M, "ADPT-10", "ADPT-10"),
    ("no-probe", P, "ADPT-11", "ADPT-11"),
    ("facts-anyway", M, "ADPT-12", "ADPT-12"),
    (
        "empty-heading",
        M,
        "nobody-there-gives-an-empty-context,ADPT-26",
        "ADPT-26",
    ),
    ("half-a-document", M, "ADPT-13", "ADPT-13"),
    ("silent-boot", M, "ADPT-14", "ADPT-14"),
    ("silent-start", P, "ADPT-15", "ADPT-15"),
    ("ends-without-node", P, "ADPT-16", "ADPT-16"),
    ("one-query-spoils-all", M, "ADPT-17", "ADPT-17"),
    ("no-preferences", M, "ADPT-18", "ADPT-18"),
    ("first-project", M, "ADPT-19", "ADPT-19"),
    ("no-handoffs", M, "ADPT-20", "ADPT-20"),
    ("all-handoffs", M, "ADPT-21", "ADPT-21"),
    ("no-refs", M, "ADPT-22", "ADPT-22"),
    ("no-escalations", M, "ADPT-23", "ADPT-23"),
    ("asks-for-all", M, "ADPT-24", "ADPT-24"),
    ("bookkeeping", M, "ADPT-25", "ADPT-25"),
    ("other-heading", M, "the-block-has-one-heading", "ADPT-27"),
    ("other-heading", M, "golden-blocks/of-a-user", "ADPT-27"),
    ("no-namespaces", M, "facts-stand-below-their-namespace", "ADPT-28"),
    ("lower-names", M, "names-are-shown-as-they-are", "ADPT-29"),
    ("quoted-values", M, "values-are-shown-as-text", "ADPT-30"),
    ("none-for-null", M, "ADPT-31", "ADPT-31"),
    ("one-decimal", M, "ADPT-32", "ADPT-32"),
    ("always-sure", M, "ADPT-33", "ADPT-33"),
    ("unordered", M, "ADPT-34", "ADPT-34"),
    ("other-checkout", M, "ADPT-35", "ADPT-35"),
    ("other-done", M, "ADPT-36", "ADPT-36"),
    ("other-blocked", M, "ADPT-37", "ADPT-37"),
    ("no-blocked-by", M, "ADPT-38", "ADPT-38"),
    ("ping-yesterday", M, "ADPT-39", "ADPT-39"),
    ("other-name", M, "ADPT-40", "ADPT-40"),
    ("informal", M, "ADPT-41", "ADPT-41"),
    ("local-status", M, "ADPT-42", "ADPT-42"),
    ("company-ping", M, "ADPT-43", "ADPT-43"),
    ("no-summary", M, "ADPT-44", "ADPT-44"),
    ("one-handoff", M, "ADPT-45", "ADPT-45"),
    ("no-handoff-refs", M, "ADPT-46", "ADPT-46"),
    ("no-note", M, "ADPT-47", "ADPT-47"),
    ("empty-note", M, "ADPT-48", "ADPT-48"),
    ("other-decision", M, "ADPT-49", "ADPT-49"),
    ("no-goal", M, "ADPT-50", "ADPT-50"),
    ("one-escalation", M, "ADPT-51", "ADPT-51"),
    ("local-intents", M, "ADPT-52", "ADPT-52"),
    ("quotes-lost", M, "ADPT-53", "ADPT-53"),
    ("whole-diary", M, "ADPT-54", "ADPT-54"),
    ("unsure", M, "ADPT-55", "ADPT-55"),
    ("text-plain", M, "ADPT-56", "ADPT-56"),
    ("text-plain", P, "ADPT-56", "ADPT-56"),
    (
        "twice",
        M,
        "what-was-written-is-not-written-again/checkout-201",
        "ADPT-57",
    ),
    (
        "twice",
        P,
        "what-was-written-is-not-written-again/assert-200",
        "ADPT-57",
    ),
    (
        "stubborn",
        M,
        "what-was-refused-is-not-sent-again/checkout-422",
        "ADPT-58",
    ),
    (
        "stubborn",
        P,
        "what-was-refused-is-not-sent-again/assert-401",
        "ADPT-58",
    ),
    (
        "three-times",
        M,
        "a-node-in-trouble-is-not-asked-a-third-time/checkout-503",
        "ADPT-59",
    ),
    (
        "gives-up",
        M,
        "a-node-in-trouble-is-asked-once-more/checkout",
        "ADPT-60",
    ),
    ("hasty", M, "a-node-in-trouble-is-given-two-seconds/checkout", "ADPT-61"),
    ("silent-writes", M, "a-lost-write-is-told/checkout-refused", "ADPT-62"),
    ("crash-unreachable", M, "ADPT-63", "ADPT-63"),
    ("crash-4xx", M, "ADPT-64", "ADPT-64"),
    (
        "crash-5xx",
        M,
        "a-broken-node-leaves-the-host-as-it-is/checkout",
        "ADPT-65",
    ),
    ("waits", M, "a-silent-node-does-not-hold-the-host/ping", "ADPT-66"),
    ("crash-garbage", M, "no-json-leaves-the-host-as-it-is", "ADPT-67"),
    ("crash-hostile", M, "ADPT-68", "ADPT-68"),
    ("fails-quietly", P, "ADPT-69", "ADPT-69"),
    ("ends-with-node", P, "a-server-outlives-its-node/query", "ADPT-70"),
    (
        "errors-are-empty",
        P,
        "a-bad-answer-is-a-failed-call/query-500",
        "ADPT-71",
    ),
    ("other-value", P, "ADPT-72", "ADPT-72"),
    ("keeps-confidence", P, "ADPT-73", "ADPT-73"),
    ("no-filters", P, "ADPT-74", "ADPT-74"),
    ("counts-only", P, "ADPT-75", "ADPT-75"),
    ("counts-only", P, "ADPT-76", "ADPT-76"),
    ("counts-only", P, "ADPT-77", "ADPT-77"),
    ("other-winner", P, "ADPT-78", "ADPT-78"),
    ("no-scope", P, "ADPT-79", "ADPT-79"),
    ("counts-only", P, "ADPT-79", "ADPT-79"),
    ("counts-only", P, "ADPT-80", "ADPT-80"),
    ("counts-only", P, "ADPT-81", "ADPT-81"),
    ("scope-optional", P, "ADPT-82", "ADPT-82"),
    ("prints", P, "ADPT-83", "ADPT-83"),
    ("stays-when-closed", P, "ADPT-84", "ADPT-84"),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Most of an adapter's time is waiting.
    arguments.test_threads.get_or_insert(16);
    let needs_python = |name: String, test: Box<dyn FnOnce() -> Result<(), Failed> + Send>| {
        Trial::ignorable_test(name, move || match *PYTHON {
            Some(_) => test().map(|()| Completion::Completed),
            None => Ok(Completion::ignored_with("not run: there is no python3")),
        })
    };
    let mut trials = vec![
        Trial::test("every_requirement_has_a_mistake", || every_requirement(MISTAKES)),
        Trial::test("an_adapter_that_does_nothing_earns_nothing", does_nothing),
        Trial::test("a_command_that_cannot_be_started_is_told_at_once", cannot_be_started),
        Trial::test("a_wrong_adapter_file_or_kind_is_a_usage_error", usage),
        needs_python(
            "an_adapter_without_mistakes_passes_as_middleware".to_owned(),
            Box::new(|| passes(M)),
        ),
        needs_python(
            "an_adapter_without_mistakes_passes_as_process".to_owned(),
            Box::new(|| passes(P)),
        ),
        needs_python("the_report_follows_from_the_trace".to_owned(), Box::new(evidence)),
    ];
    // Those whose adapters hang or stay stand at the end of the list, and are begun first.
    for (n, mistake) in MISTAKES.iter().enumerate().rev() {
        let (flaw, kind, _, requirement) = *mistake;
        let name = format!("{requirement}_{kind}_{flaw}_{n}");
        trials.push(needs_python(name, Box::new(move || is_caught(mistake))));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The interpreter itself: what stands in the path may be a script that looks for it, which takes longer than all else that is played.
static PYTHON: LazyLock<Option<String>> = LazyLock::new(|| {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !path.is_empty()).then_some(path)
});

fn every_requirement(mistakes: &[Mistake]) -> Result<(), Failed> {
    let registry = Registry::load(&Data::embedded())?;
    let broken: BTreeSet<&str> = mistakes.iter().map(|(.., requirement)| *requirement).collect();
    let judged = registry
        .requirements
        .iter()
        .filter(|one| one.profile == adapter::PROFILE && one.not_judged.is_none());
    let unbroken: Vec<&str> = judged
        .map(|one| one.id.as_str())
        .filter(|id| !broken.contains(id))
        .collect();
    if unbroken.is_empty() {
        Ok(())
    } else {
        Err(format!("no mistake breaks {unbroken:?}").into())
    }
}

/// A run of the kit, and the folder with its reports.
struct Run {
    code: i32,
    said: String,
    report: Option<Value>,
    folder: tempfile::TempDir,
}

fn kit(arguments: &[&str]) -> Result<Run, Failed> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(env!("CARGO_BIN_EXE_stigmem-conformance"))
        .args(arguments)
        .arg("--report-dir")
        .arg(folder.path())
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    let report = std::fs::read_to_string(folder.path().join("report.json")).ok();
    Ok(Run {
        code: output.status.code().unwrap_or(-1),
        said: String::from_utf8_lossy(&said).into_owned(),
        report: report.map(|text| serde_json::from_str(&text)).transpose()?,
        folder,
    })
}

/// Writes the small adapters with a mistake into a folder.
fn written(folder: &Path, mistake: &str) -> Result<PathBuf, Failed> {
    let file = folder.join("adapter.toml");
    std::fs::write(folder.join("adapter.py"), SCRIPT)?;
    let python = PYTHON.as_ref().ok_or("there is no python3")?;
    std::fs::write(&file, FILE.replace("MISTAKE", mistake).replace("PYTHON", python))?;
    Ok(file)
}

fn judged(mistake: &str, kind: &str, more: &[&str]) -> Result<Run, Failed> {
    let folder = tempfile::tempdir()?;
    let file = written(folder.path(), mistake)?;
    let file = file.display().to_string();
    kit(&[&["adapter", "--adapter", &file, "--kind", kind][..], more].concat())
}

fn report(run: &Run) -> Result<&Value, Failed> {
    run.report.as_ref().ok_or_else(|| Failed::from(run.said.clone()))
}

/// Everything that a run reads, once for all mistakes: a process of the kit for each would read it ninety times.
struct Desk {
    schemas: Schemas,
    registry: Registry,
    vectors: Vectors,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| {
    let data = Data::embedded();
    let schemas = Schemas::load(&data).expect("the schemas are right");
    Desk {
        registry: Registry::load(&data).expect("the specification is right"),
        vectors: vectors::load(&data, &schemas).expect("the vectors are right"),
        schemas,
    }
});

fn is_caught(mistake: &Mistake) -> Result<(), Failed> {
    let (flaw, kind, select, requirement) = *mistake;
    let kind = if kind == M { Kind::Middleware } else { Kind::Process };
    let (folder, scratch) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let file = AdapterFile::read(&written(folder.path(), flaw)?, &DESK.schemas)?;
    let adapter = file.adapter(kind).ok_or("the file has no such adapter")?;
    let selection: Vec<String> = select.split(',').map(str::to_owned).collect();
    let conditions = adapter.conditions();
    let plan = plan::plan(&DESK.vectors, &DESK.registry, &conditions, &selection, 1);
    let setting = Setting {
        adapter,
        ground: Ground {
            kit: env!("CARGO_BIN_EXE_stigmem-conformance").into(),
            scratch: scratch.path().to_owned(),
            limits: drive::limits(60),
            mask: None,
        },
        jobs: 16,
    };
    let played = tokio::runtime::Runtime::new()?.block_on(play::run(&plan, &setting, &|_, _| {}));
    let records = played.map_err(|gone| Failed::from(gone.what))?;
    let verdicts = judge::judge(&DESK.vectors, &[], &records, &DESK.schemas);
    let covers = |id: &str| {
        let case = DESK.vectors.find(id);
        case.is_some_and(|case| case.covers.iter().any(|covered| covered == requirement))
    };
    let mut found = verdicts.iter().filter(|(id, _)| covers(id));
    if found.any(|(_, verdict)| verdict.verdict == Verdict::Fail) {
        return Ok(());
    }
    let all: Vec<String> = verdicts
        .iter()
        .map(|(id, verdict)| format!("{id}: {}: {}", verdict.verdict.word(), verdict.message))
        .collect();
    Err(format!("nothing of {requirement} failed:\n{}", all.join("\n")).into())
}

fn passes(kind: &str) -> Result<(), Failed> {
    let run = judged("none", kind, &[])?;
    let report = report(&run)?;
    let cases = report["cases"].as_array().into_iter().flatten();
    let wrong: Vec<String> = cases
        .filter(|case| case["verdict"] != "pass" && case["verdict"] != "not-applicable")
        .map(|case| format!("{}: {}: {}", case["id"], case["verdict"], case["message"]))
        .collect();
    if run.code == 0 && wrong.is_empty() && report["conclusion"] == "conformant" {
        Ok(())
    } else {
        Err(format!("exit {}, {}:\n{}", run.code, report["conclusion"], wrong.join("\n")).into())
    }
}

/// `judge` and `verify` say the same from the trace.
fn evidence() -> Result<(), Failed> {
    let run = judged("quotes-lost", M, &["--select", "ADPT-53,ADPT-27"])?;
    let trace = run.folder.path().join("trace.jsonl").display().to_string();
    let again = kit(&["judge", &trace])?;
    if again.report != run.report || again.code != run.code || run.code != 1 {
        return Err(format!("judged again: {}", again.said).into());
    }
    let text = std::fs::read_to_string(&trace)?;
    if text.contains("sk-host-") {
        return Err("the key is in the trace".into());
    }
    let report = run.folder.path().join("report.json").display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_stigmem-conformance"))
        .args(["verify", &report, &trace])
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

fn does_nothing() -> Result<(), Failed> {
    let run = kit(&[
        "adapter",
        "--command",
        "true",
        "--kind",
        M,
        "--select",
        "ADPT-08,ADPT-58,ADPT-63,ADPT-01",
    ])?;
    let report = report(&run)?;
    let cases = report["cases"].as_array().into_iter().flatten();
    let passed: Vec<&Value> = cases
        .filter(|case| case["verdict"] == "pass")
        .map(|case| &case["id"])
        .collect();
    if passed.is_empty() && run.code == 1 {
        Ok(())
    } else {
        Err(format!("exit {}, passed: {passed:?}", run.code).into())
    }
}

fn cannot_be_started() -> Result<(), Failed> {
    let run = kit(&[
        "adapter",
        "--command",
        "/nowhere/at-all",
        "--kind",
        P,
        "--select",
        "ADPT-75",
    ])?;
    if run.code == 3 && run.said.contains("/nowhere/at-all") && run.report.is_none() {
        Ok(())
    } else {
        Err(format!("exit {}: {}", run.code, run.said).into())
    }
}

fn usage() -> Result<(), Failed> {
    for (arguments, words) in [
        (vec!["adapter"], "process or middleware"),
        (vec!["adapter", "--kind", "middlewear"], "middleware"),
        (
            vec!["adapter", "--adapter", "/nowhere.toml"],
            "/nowhere.toml: cannot be read",
        ),
        (
            vec!["adapter", "--kind", P, "--command", "a 'b"],
            "a quote is not closed",
        ),
        (vec!["run", "--profile", "adapter"], "\"adapter\""),
    ] {
        let run = kit(&arguments)?;
        if run.code != 2 || !run.said.contains(words) {
            return Err(format!("{arguments:?}: exit {}: {}", run.code, run.said).into());
        }
    }
    let run = kit(&["adapter", "--kind", M, "--select", "SEM-07"])?;
    if run.code == 4 {
        Ok(())
    } else {
        Err(format!("exit {}: {}", run.code, run.said).into())
    }
}
