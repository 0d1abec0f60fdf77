//! A node that the kit started: its process, its data folder, its log.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Seek, SeekFrom},
    net::TcpListener,
    ops::Range,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};

use super::{
    clock::Deadline,
    http::{Http, Limits, Outgoing},
};
use crate::{
    seed,
    target::{Launch, Target},
    trace::{Answer, Event, Gone},
};

/// How processes are started: where this program is, and where data folders go.
#[derive(Debug, Clone)]
pub struct Ground {
    /// This program, `{self}` in target files.
    pub kit: PathBuf,
    /// A folder that is removed after the run.
    pub scratch: PathBuf,
    pub limits: Limits,
}

/// A launched node. Dropping it kills the process.
#[derive(Debug)]
pub struct Node {
    pub http: Http,
    /// `{port}`, `{url}`, `{data}` and their like, for the node's own commands.
    pub names: BTreeMap<&'static str, String>,
    launch: Launch,
    env: BTreeMap<String, String>,
    data: PathBuf,
    shepherd: PathBuf,
    child: Option<Child>,
}

impl Node {
    /// Starts a node on a folder and a port of its own and waits until it is ready.
    pub async fn launch(ground: &Ground, target: &Target, variant: Option<&str>, label: &str) -> Result<Self, Gone> {
        Self::launch_behind(ground, target, variant, label, None).await
    }

    /// The same for a node that others reach under the address `public`.
    pub async fn launch_behind(
        ground: &Ground,
        target: &Target,
        variant: Option<&str>,
        label: &str,
        public: Option<&str>,
    ) -> Result<Self, Gone> {
        let launch = target
            .launch
            .clone()
            .ok_or_else(|| gone("the target has no [launch]"))?;
        let data = ground.scratch.join(label);
        fs::create_dir_all(&data).map_err(|error| gone(format!("{}: {error}", data.display())))?;
        let mut attempts = 0;
        loop {
            let mut node = Self::prepare(ground, target, &launch, variant, &data)?;
            if let Some(public) = public {
                node.names.insert("url", public.to_owned());
            }
            match node.start().await {
                Ok(()) => return Ok(node),
                // Somebody else took the port between our look and its start.
                Err(wrong) if attempts < 3 && wrong.log.iter().any(|line| line.to_lowercase().contains("in use")) => {
                    attempts += 1;
                }
                Err(wrong) => return Err(wrong),
            }
        }
    }

    fn prepare(
        ground: &Ground,
        target: &Target,
        launch: &Launch,
        variant: Option<&str>,
        data: &Path,
    ) -> Result<Self, Gone> {
        let port = free_port().map_err(|error| gone(format!("no free port: {error}")))?;
        let url = format!("http://127.0.0.1:{port}");
        let names = BTreeMap::from([
            ("here", target.here.display().to_string()),
            ("self", ground.kit.display().to_string()),
            ("data", data.display().to_string()),
            ("port", port.to_string()),
            ("url", url.clone()),
        ]);
        let mut env = launch.env.clone();
        if let Some(variant) = variant {
            env.extend(launch.variants.get(variant).cloned().unwrap_or_default());
        }
        let http = Http::new(&url, ground.limits).map_err(gone)?;
        Ok(Self {
            http,
            names,
            launch: launch.clone(),
            env,
            data: data.to_owned(),
            shepherd: ground.kit.clone(),
            child: None,
        })
    }

    /// Starts the process and waits until it answers.
    pub async fn start(&mut self) -> Result<(), Gone> {
        let log = self
            .log_file()
            .map_err(|error| gone(format!("its log cannot be written: {error}")))?;
        let errors = log.try_clone().map_err(|error| gone(error.to_string()))?;
        let mut command = Command::new(&self.shepherd);
        command
            .arg("shepherd")
            .arg("--")
            .args(self.launch.command.iter().map(|part| fill(part, &self.names)));
        command
            .current_dir(&self.data)
            .envs(self.env.iter().map(|(name, value)| (name, fill(value, &self.names))));
        command
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        let child = command
            .spawn()
            .map_err(|error| gone(format!("{} cannot be started: {error}", self.shepherd.display())))?;
        self.child = Some(child);
        let deadline = Deadline::after(Duration::from_secs(self.launch.ready_within_s));
        loop {
            if self.is_ready().await {
                if self.has_ended() {
                    return Err(self.last_words("it ended, and something else answers on its port: the port is in use"));
                }
                return Ok(());
            }
            if self.has_ended() {
                return Err(self.last_words("it ended before it was ready"));
            }
            if !deadline.another_look(Duration::from_millis(10)).await {
                let what = format!(
                    "it did not answer 200 at {} within {} s",
                    self.launch.ready_path, self.launch.ready_within_s
                );
                return Err(self.last_words(&what));
            }
        }
    }

    /// Runs a command of the target's in the node's folder and environment, with further names.
    pub async fn run(&self, template: &[String], more: &[(&'static str, String)]) -> Result<Event, String> {
        let mut names = self.names.clone();
        names.extend(more.iter().cloned());
        let parts: Vec<String> = template.iter().map(|part| fill(part, &names)).collect();
        let (program, arguments) = parts.split_first().ok_or("a command of the target's: it is empty")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.data)
            .envs(self.env.iter().map(|(name, value)| (name, fill(value, &names))))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = tokio::time::timeout(COMMAND, command.output())
            .await
            .map_err(|_| format!("{program:?} took more than {} s", COMMAND.as_secs()))?
            .map_err(|error| format!("{program:?} cannot be started: {error}"))?;
        let said = [output.stdout, output.stderr].concat();
        let said: String = String::from_utf8_lossy(&said).chars().take(2000).collect();
        // The last argument may be a key, so the template stands for it.
        Ok(Event::Ran {
            command: template.join(" "),
            said,
            well: output.status.success(),
        })
    }

    async fn is_ready(&self) -> bool {
        let probe = Outgoing {
            method: "GET".to_owned(),
            target: self.launch.ready_path.clone(),
            ..Outgoing::default()
        };
        match self.http.send(probe).await {
            Ok(exchange) => matches!(exchange.answer, Answer::Response(response) if response.status == 200),
            Err(_) => false,
        }
    }

    pub fn has_ended(&mut self) -> bool {
        self.child
            .as_mut()
            .is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Politely (`term`) or with SIGKILL (`kill`); returns when the process is gone.
    pub async fn end(&mut self, politely: bool) -> Result<(), Gone> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let order: &[u8] = if politely { b"term\n" } else { b"kill\n" };
        let Some(mut orders) = child.stdin.take() else {
            return Ok(());
        };
        // A failure to write means that the shepherd has left with the node.
        let _ = orders.write_all(order).await;
        let limit = Duration::from_secs(if politely { self.launch.stop_within_s } else { 10 });
        if tokio::time::timeout(limit, child.wait()).await.is_ok() {
            return Ok(());
        }
        let _ = orders.write_all(b"kill\n").await;
        let _ = tokio::time::timeout(Duration::from_secs(10), child.wait()).await;
        Err(self.last_words(&format!("it did not stop within {} s of SIGTERM", limit.as_secs())))
    }

    /// What it wrote last, to explain its end.
    pub fn last_words(&self, what: &str) -> Gone {
        let log = tail(&self.data.join(LOG)).unwrap_or_default();
        Gone {
            what: what.to_owned(),
            log,
        }
    }

    fn log_file(&self) -> std::io::Result<fs::File> {
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.data.join(LOG))
    }

    /// The process that holds the node; the node is its child.
    pub fn shepherd_pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }
}

/// A port that was free a moment ago, and that nobody else here is given.
///
/// Not one of the system's choice: it gives those to links, peers and connections as well, before the node is up and while it is down
/// between a kill and a restart, and whoever answers there then would be taken for the node.
pub fn free_port() -> std::io::Result<u16> {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(seed::fresh()));
    for _ in PORTS {
        let n = NEXT.fetch_add(1, Ordering::Relaxed) % u64::from(PORTS.end - PORTS.start);
        let port = PORTS.start + u16::try_from(n).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(std::io::ErrorKind::AddrInUse.into())
}

/// Below those that systems choose from.
const PORTS: Range<u16> = 20_000..32_000;

/// Fills in `{name}` from the table; other braces stay.
pub fn fill(text: &str, names: &BTreeMap<&'static str, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

pub fn gone(what: impl Into<String>) -> Gone {
    Gone {
        what: what.into(),
        log: Vec::new(),
    }
}

/// The last lines of a file.
fn tail(path: &Path) -> std::io::Result<Vec<String>> {
    let mut file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(4096)))?;
    let mut bytes = Vec::new();
    file.take(4096).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    Ok(lines[lines.len().saturating_sub(12)..].to_vec())
}

const COMMAND: Duration = Duration::from_secs(30);
const LOG: &str = "node.log";
