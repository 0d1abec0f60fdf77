//! What the tests of the binary share: running it, and serving small nodes to it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test binary uses its own part, and fails where it cannot go on"
)]

use std::{net::SocketAddr, path::PathBuf, process::Command};

use axum::Router;
use serde_json::Value;
use tokio::{net::TcpSocket, runtime::Runtime, task::JoinHandle};

/// The binary under test.
pub(crate) const KIT: &str = env!("CARGO_BIN_EXE_stigmem-conformance");

/// How a run of the binary ended.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    /// Both streams.
    pub(crate) said: String,
    pub(crate) report: Option<Value>,
    folder: tempfile::TempDir,
}

impl Outcome {
    /// A file that the run wrote.
    #[track_caller]
    pub(crate) fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Runs the binary; `run`, `judge` and `adapter` get a report folder of their own.
pub(crate) fn kit(arguments: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(KIT);
    command.args(arguments);
    if matches!(arguments.first(), Some(&"run" | &"judge" | &"adapter")) {
        command.arg("--report-dir").arg(folder.path());
    }
    let output = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let report = std::fs::read_to_string(folder.path().join("report.json")).ok();
    let report = report.map(|text| serde_json::from_str(&text).unwrap());
    Outcome {
        code: output.status.code().unwrap_or(-1),
        said,
        report,
        folder,
    }
}

/// Judges what listens at a URL.
pub(crate) fn run_against(url: &str, more: &[&str]) -> Outcome {
    let mut arguments = vec!["run", "--url", url, "--timeout", "2"];
    arguments.extend(more);
    kit(&arguments)
}

/// A small node, gone when dropped.
pub(crate) struct Served {
    port: u16,
    runtime: Option<Runtime>,
    task: JoinHandle<()>,
}

impl Served {
    pub(crate) fn start(router: Router) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(("127.0.0.1", 0)))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = runtime.spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            port,
            runtime: Some(runtime),
            task,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// An address at which nobody listens, or ever will while this test runs.
pub(crate) fn nowhere() -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let held: &TcpSocket = Box::leak(Box::new(socket));
    format!("http://{}", held.local_addr().unwrap())
}
