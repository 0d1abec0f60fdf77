//! Writes a seed corpus for every target into `corpus/`, from the vectors, the target files and, when one is named, the trace of a run:
//! `cargo run --example seeds [TRACE]`. What is there already stays.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stigmem_conformance::{
    report::json,
    trace::{Answer, Body, CaseRecord, Exchange, Line, Request, Response, StepRecord},
    vectors::{Case, Step, Verb},
};
use stigmem_fuzz::{EDITION, traces};

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    pure(&corpus);
    files(&corpus);
    for case in &EDITION.vectors.cases {
        case_seeds(&corpus, case);
    }
    if let Some(trace) = env::args_os().nth(1) {
        from_trace(&corpus, &PathBuf::from(trace));
    }
}

fn seed(corpus: &Path, target: &str, name: &str, bytes: impl AsRef<[u8]>) {
    let folder = corpus.join(target);
    fs::create_dir_all(&folder).expect("the corpus can be written");
    let name: String = name
        .chars()
        .map(|char| if char.is_ascii_alphanumeric() { char } else { '-' })
        .collect();
    fs::write(folder.join(name), bytes).expect("the corpus can be written");
}

/// Inputs of the pure functions.
fn pure(corpus: &Path) {
    for (_, text) in EDITION.data.below("vectors/pure/", ".json") {
        let file: Value = serde_json::from_str(text).expect("our own vectors");
        for vector in file["vectors"].as_array().into_iter().flatten() {
            let (id, input) = (vector["id"].as_str().unwrap_or_default(), &vector["input"]);
            match input {
                Value::String(text) => seed(corpus, "agreement", id, text),
                _ if input["token"].is_string() => {
                    seed(corpus, "tokens", id, input["token"].as_str().unwrap_or_default())
                }
                _ if input["declaration"].is_object() => seed(corpus, "tokens", id, input["declaration"].to_string()),
                _ if input["claims"].is_object() => seed(corpus, "tokens", id, input["claims"].to_string()),
                _ if input["value"].is_object() => seed(corpus, "assertions", id, assertion(input)),
                _ if input["a"].is_string() && input["b"].is_string() => {
                    let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
                    seed(corpus, "agreement", id, format!("{}\n{}", text("a"), text("b")));
                }
                _ => {}
            }
        }
    }
}

/// The body whose content id a vector asks for; a literal goes in as it is.
fn assertion(input: &Value) -> String {
    let v = input["value"]["literal"]
        .as_str()
        .map_or_else(|| input["value"]["v"].to_string(), str::to_owned);
    let member = |name: &str| input[name].to_string();
    format!(
        r#"{{"entity":{},"relation":{},"value":{{"type":{},"v":{v}}},"source":{},"scope":{},"confidence":{}}}"#,
        member("entity"),
        member("relation"),
        input["value"]["type"],
        member("source"),
        member("scope"),
        input["confidence"].as_str().unwrap_or("1"),
    )
}

fn files(corpus: &Path) {
    let short = |text: &str| text.len() < 8_000;
    for (name, text) in EDITION.data.below("vectors/", ".json").filter(|(_, text)| short(text)) {
        seed(corpus, "vector_files", name, text);
    }
    for (name, text) in EDITION.data.below("spec/", ".md").filter(|(_, text)| short(text)) {
        seed(corpus, "vector_files", name, text);
    }
    for (name, text) in EDITION.data.below("targets/", ".toml") {
        seed(corpus, "target_files", name, text);
    }
    for (name, text) in EDITION.data.below("adapters/", ".toml") {
        seed(corpus, "adapter_files", name, text);
    }
    for (name, text) in EDITION.data.below("vectors/adapter/", ".json") {
        seed(corpus, "adapter_files", name, text);
    }
    seed(corpus, "adapter_files", "block", BLOCK);
    seed(corpus, "report_files", "known", KNOWN);
    report(corpus);
}

/// What the kit says of a node whose answers it has seen.
fn report(corpus: &Path) {
    let cases = EDITION.vectors.cases.iter().filter(|case| case.area == "uri").take(3);
    let lines: Vec<String> = cases.map(|case| line(record(case))).collect();
    let trace = traces::read(&lines.join("\n")).expect("our own trace");
    let report = json::render(&traces::assembled(&trace)).expect("it can be written");
    seed(corpus, "report_files", "a-report", report);
}

/// A node that answers as one may.
fn record(case: &Case) -> CaseRecord {
    CaseRecord {
        case: case.id.clone(),
        names: json!({"ns": "stigmem://a.test", "tag": "abc", "url": "http://127.0.0.1:1"})
            .as_object()
            .cloned()
            .unwrap_or_default(),
        steps: case
            .steps()
            .iter()
            .enumerate()
            .map(|(n, step)| answered(n + 1, step))
            .collect(),
        ..CaseRecord::default()
    }
}

fn case_seeds(corpus: &Path, case: &Case) {
    let record = record(case);
    if !record.steps.is_empty() && record.steps.len() < 6 {
        seed(corpus, "traces", &case.id, line(record));
    }
    for (n, step) in case.steps().iter().enumerate() {
        let name = format!("{}-{n}", case.id);
        if let Verb::Assert(body) = &step.verb {
            seed(corpus, "assertions", &name, body.to_string());
        }
        if let Some(pattern) = step.expect.as_ref().and_then(|expect| expect.body.as_ref()) {
            seed(corpus, "answers", &name, format!("{pattern}\n{}", body(step)));
        }
        if let Verb::Query(_) = step.verb {
            seed(corpus, "pages", &name, body(step).to_string());
        }
    }
}

fn line(record: CaseRecord) -> String {
    serde_json::to_string(&Line::Case(Box::new(record))).expect("a record is JSON")
}

/// What a node may well answer.
fn body(step: &Step) -> Value {
    let fact = json!({
        "id": "00000000-0000-4000-8000-000000000001", "entity": "stigmem://a.test/user/alice", "relation": "memory:role",
        "value": {"type": "string", "v": "CEO"}, "source": "stigmem://a.test/agent/harness", "timestamp": "2026-01-02T03:04:05.678Z",
        "hlc": "1746230400000.003", "valid_until": null, "confidence": 1.0, "scope": "local", "contradicted": false,
        "cid": "sha256:8fe28bd8831796d14adb9815bec4d16068ee59fc21abf5e6e5d5674eaf36e881",
    });
    match &step.verb {
        Verb::Until { step, .. } => body(step),
        Verb::Assert(_) | Verb::Fact(_) => fact,
        Verb::Conflicts { .. } => json!({"conflicts": [], "cursor": null}),
        Verb::Refuse(_) => json!({"error": "validation_error", "detail": "no"}),
        _ => json!({"facts": [fact], "total": 1, "cursor": null, "has_more": false}),
    }
}

fn answered(n: usize, step: &Step) -> StepRecord {
    let status = match &step.verb {
        Verb::Assert(_) => 201,
        Verb::Refuse(_) => 422,
        _ => 200,
    };
    let request = Request {
        method: "GET".to_owned(),
        target: "/v1/facts".to_owned(),
        ..Request::default()
    };
    let response = Response {
        status,
        body: Body::Text(body(step).to_string()),
        ..Response::default()
    };
    StepRecord {
        exchanges: vec![Exchange {
            n,
            on: None,
            request,
            answer: Answer::Response(response),
            took_us: 1,
        }],
        events: Vec::new(),
    }
}

/// Its cases, its answers and the pages in them, as far as they are short.
fn from_trace(corpus: &Path, trace: &Path) {
    let text = fs::read_to_string(trace).expect("the trace can be read");
    for text in text.lines() {
        let Ok(Line::Case(record)) = serde_json::from_str(text) else {
            continue;
        };
        let name = format!("run-{}", record.case);
        for (n, exchange) in record.steps.iter().flat_map(|step| &step.exchanges).enumerate().take(4) {
            if let Answer::Response(response) = &exchange.answer
                && response.body.text().len() < 4_000
            {
                seed(corpus, "pages", &format!("{name}-{n}"), response.body.text());
                seed(
                    corpus,
                    "answers",
                    &format!("{name}-{n}"),
                    format!("{{}}\n{}", response.body.text()),
                );
            }
        }
        if text.len() < 12_000 {
            seed(corpus, "traces", &name, text);
        }
    }
}

const BLOCK: &str = "## Stigmem context — stigmem://a.test/user/alice

### preference
- **preference:theme** on `stigmem://a.test/user/alice`: dark _(confidence: 0.85)_
";

const KNOWN: &str = "[[expected]]\ncase = \"newest-first-across-pages\"\nreason = \"they come as they were written\"\n";
