//! Other people's clients at the bundled node: the published Python client, and a client library of the Model Context Protocol in front
//! of `stigmem mcp`.
//!
//! They are installed by the pinned recipe into `target/`. Where the package registry cannot be reached the tests are ignored, and say why.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Output, Stdio},
    sync::{Arc, OnceLock},
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tempfile::TempDir;

const KIT: &str = env!("CARGO_BIN_EXE_stigmem-conformance");

const CALLS: [&str; 9] = [
    "assert",
    "query",
    "retract",
    "get",
    "conflicts",
    "resolve",
    "peers",
    "node_info",
    "refusal",
];

const CHECKS: [&str; 14] = [
    "handshake",
    "newest_handshake",
    "schemas",
    "assert_fact",
    "query_facts",
    "get_fact",
    "retract_fact",
    "list_conflicts",
    "resolve_contradiction",
    "lint_scope",
    "decay_scope",
    "synthesize_scope",
    "wrong_arguments",
    "node_is_down",
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Both clients are installed at the same time, and what is played waits.
    arguments.test_threads.get_or_insert(8);
    let here = Arc::new(Here::default());
    let mut trials = Vec::new();
    for mode in ["sync", "async"] {
        for call in CALLS {
            let here = Arc::clone(&here);
            trials.push(Trial::ignorable_test(format!("stigmem_py_{mode}_{call}"), move || {
                let python = here.client.get_or_init(|| install("stigmem-openclaw-0.9.0a1"));
                when_installed(python, |python| here.play(python, "client.py", &[mode, call]))
            }));
        }
    }
    for check in CHECKS {
        let here = Arc::clone(&here);
        trials.push(Trial::ignorable_test(format!("mcp_library_{check}"), move || {
            let python = here.mcp.get_or_init(|| install("mcp-2.3.0"));
            when_installed(python, |python| here.play(python, "mcp_client.py", &[check]))
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Threads of the tests may hold it still; the nodes must be gone before this process is.
    here.end();
    conclusion.exit_code()
}

fn when_installed(
    python: &Result<PathBuf, String>,
    test: impl FnOnce(&Path) -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    match python {
        Ok(python) => test(python).map(|()| Completion::Completed),
        Err(why) => Ok(Completion::ignored_with(format!("not run: {why}"))),
    }
}

/// What the tests share, made when the first of them asks.
#[derive(Default)]
struct Here {
    /// The interpreter that has the package, or why there is none.
    client: OnceLock<Result<PathBuf, String>>,
    mcp: OnceLock<Result<PathBuf, String>>,
    /// The node, with one peer.
    nodes: OnceLock<Result<Nodes, String>>,
}

struct Nodes {
    /// Asked.
    node: Node,
    /// Its peer.
    other: Node,
    other_id: String,
    key: String,
}

impl Here {
    /// One script of `adapters/published` at the node: what it says on success shows that it has checked anything.
    fn play(&self, python: &Path, script: &str, arguments: &[&str]) -> Result<(), Failed> {
        let nodes = self.nodes.get_or_init(Nodes::start).as_ref().map_err(Failed::from)?;
        let server = serde_json::json!([KIT, "stigmem", "mcp"]).to_string();
        let output = Command::new(python)
            .arg(published().join(script))
            .args(arguments)
            .env("STIGMEM_URL", &nodes.node.url)
            .env("STIGMEM_API_KEY", &nodes.key)
            .env("STIGMEM_PEER_ID", &nodes.other_id)
            .env("STIGMEM_MCP", server)
            .env("NO_PROXY", "*")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() && said.contains("as it should be") {
            Ok(())
        } else {
            Err(format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
        }
    }

    fn end(&self) {
        if let Some(Ok(nodes)) = self.nodes.get() {
            nodes.node.end();
            nodes.other.end();
        }
    }
}

impl Nodes {
    fn start() -> Result<Self, String> {
        let (node, other) = (Node::start()?, Node::start()?);
        let key = node.operator(&[
            "keys",
            "create",
            "--entity-uri",
            "stigmem://test.example/agent/tester",
            "--permissions",
            "read,write,federate",
        ])?;
        let key = key.trim().to_owned();
        let arguments = ["--local-url", &other.url, "--remote-url", &node.url, "--api-key", &key];
        other.operator(&[&["federation", "register-peer"], &arguments[..]].concat())?;
        let other_id = other.id()?;
        Ok(Self {
            node,
            other,
            other_id,
            key,
        })
    }
}

/// The bundled node on a port of its own.
struct Node {
    url: String,
    folder: TempDir,
    child: std::sync::Mutex<Child>,
}

impl Node {
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut child = Command::new(KIT)
            .arg("node")
            .env("STIGMEM_PORT", "0")
            .env("STIGMEM_LOG_LEVEL", "error")
            .env("STIGMEM_DB_PATH", folder.path().join("node.db"))
            .env("STIGMEM_FEDERATION_ENABLED", "true")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{KIT}: {error}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let _ = BufReader::new(stdout).read_line(&mut line);
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let node = Self {
            url: address.clone().unwrap_or_default(),
            folder,
            child: std::sync::Mutex::new(child),
        };
        if address.is_none() {
            node.end();
            return Err(format!("the node says {line:?}"));
        }
        Ok(node)
    }

    /// What the operator's command line prints.
    fn operator(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(KIT)
            .arg("stigmem")
            .args(arguments)
            .env("STIGMEM_DB_PATH", self.folder.path().join("node.db"))
            .output()
            .map_err(|error| error.to_string())?;
        printed(&output, &arguments[..2].join(" "))
    }

    fn id(&self) -> Result<String, String> {
        let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
        let url = format!("{}/.well-known/stigmem", self.url);
        let document: Result<serde_json::Value, String> = runtime.block_on(async {
            let limit = std::time::Duration::from_secs(20);
            let client = stigmem_conformance::world::http::client("http://", limit)
                .build()
                .map_err(|error| error.to_string())?;
            let answer = client.get(url).send().await.map_err(|error| error.to_string())?;
            let text = answer.text().await.map_err(|error| error.to_string())?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        });
        let document = document?;
        let id = document["node_id"].as_str().ok_or("the node has no id")?;
        Ok(id.to_owned())
    }

    fn end(&self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters/published")
}

/// The interpreter of a package's own environment; the error says why there is none.
fn install(what: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(what);
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let output = Command::new("sh")
        .arg(published().join("install.sh"))
        .arg(what)
        .arg(&folder)
        .output()
        .map_err(|error| error.to_string())?;
    printed(&output, &format!("{what} cannot be installed"))?;
    Ok(folder.join("bin/python"))
}

/// Standard output of what went well, the last line of the other stream of what did not.
fn printed(output: &Output, what: &str) -> Result<String, String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{what}: {}", said.lines().last().unwrap_or("no message")))
}
