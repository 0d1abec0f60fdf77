//! A node in a process of its own and an HTTP client small enough to send what proper clients refuse to send.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything in these tests may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The settings of [`Node::federating`].
pub(crate) const FEDERATING: [(&str, &str); 3] = [
    ("STIGMEM_AUTH_REQUIRED", "false"),
    ("STIGMEM_FEDERATION_ENABLED", "true"),
    ("STIGMEM_FEDERATION_PULL_INTERVAL_S", "0.1"),
];

pub(crate) struct Node {
    child: Child,
    address: String,
    folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Node {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings)
    }

    fn start_in(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut child = server(folder.path(), settings).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("{line:?}"));
        Self {
            address: address.to_owned(),
            child,
            folder,
        }
    }

    /// A federating node that anybody on this machine may use, and that pulls as often as it can.
    pub(crate) fn federating(settings: &[(&str, &str)]) -> Self {
        Self::start(&[&FEDERATING, settings].concat())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn node_id(&self) -> String {
        let about = self.get("/.well-known/stigmem", "").json();
        about["node_id"].as_str().unwrap().to_owned()
    }

    /// Looks at the answer to `target` until it is what the test waits for.
    pub(crate) fn until(&self, target: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.get(target, "").json();
            if holds(&seen) {
                return seen;
            }
            assert!(Instant::now() < deadline, "{target} stays {seen:#}");
            // Asking without a pause would keep the node from getting there.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Makes a key with the operator's command line while the node runs.
    pub(crate) fn key(&self, permissions: &str, scopes: &str) -> String {
        let output = self.operator(&[
            "keys",
            "create",
            "--entity-uri",
            "stigmem://test.example/agent/tester",
            "--permissions",
            permissions,
            "--scopes",
            scopes,
        ]);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn operator(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_stigmem"))
            .args(args)
            .env("STIGMEM_DB_PATH", self.folder.path().join("node.db"))
            .output()
            .unwrap()
    }

    /// Registers this node at the other one, with the command line.
    pub(crate) fn introduce_to(&self, other: &Self) {
        let (local, remote) = (self.url(), other.url());
        let arguments = [
            "federation",
            "register-peer",
            "--local-url",
            &local,
            "--remote-url",
            &remote,
        ];
        let output = self.operator(&arguments);
        assert!(output.status.success(), "{output:?}");
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes as they are and reads to the end of the connection.
    pub(crate) fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        answer(&mut stream)
    }

    pub(crate) fn send(&self, method: &str, target: &str, key: &str, body: Option<&[u8]>) -> Answer {
        let mut head = vec![
            format!("{method} {target} HTTP/1.1"),
            "Host: node".into(),
            "Connection: close".into(),
        ];
        if !key.is_empty() {
            head.push(format!("Authorization: Bearer {key}"));
        }
        if let Some(body) = body {
            head.push("Content-Type: application/json".into());
            head.push(format!("Content-Length: {}", body.len()));
        }
        let mut bytes = (head.join("\r\n") + "\r\n\r\n").into_bytes();
        bytes.extend_from_slice(body.unwrap_or_default());
        self.raw(&bytes)
    }

    pub(crate) fn get(&self, target: &str, key: &str) -> Answer {
        self.send("GET", target, key, None)
    }

    pub(crate) fn post(&self, target: &str, key: &str, body: &Value) -> Answer {
        self.send("POST", target, key, Some(body.to_string().as_bytes()))
    }

    pub(crate) fn assert(&self, key: &str, entity: &str, value: &str, scope: &str) -> Value {
        let answer = self.post("/v1/facts", key, &fact(entity, value, scope));
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// Ends the process without warning, as a power cut would, and starts it again on the same file.
    pub(crate) fn crash_and_restart(self) -> Self {
        self.crash_and_restart_with(&[])
    }

    pub(crate) fn crash_and_restart_with(mut self, settings: &[(&str, &str)]) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Self::start_in(folder, settings)
    }

    /// Asks the process to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let signalled = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(signalled.success());
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the node does not stop");
            std::thread::yield_now();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server's command with its file in `folder` and nothing of this process's own settings.
pub(crate) fn server(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stigmem-node"));
    command
        .env_clear()
        .env("STIGMEM_PORT", "0")
        .env("STIGMEM_LOG_LEVEL", "error")
        .env("STIGMEM_DB_PATH", folder.join("node.db"))
        .envs(settings.iter().copied());
    command
}

pub(crate) fn fact(entity: &str, value: &str, scope: &str) -> Value {
    serde_json::json!({
        "entity": entity, "relation": "memory:role", "value": { "type": "string", "v": value },
        "source": "stigmem://test.example/agent/tester", "scope": scope,
    })
}

fn answer(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A node that refuses a body in the middle may reset the connection after its answer.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.get(9..12).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer: {text:?}")),
        head: head.to_owned(),
        text: body.to_owned(),
    }
}
