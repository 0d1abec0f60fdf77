//! A node that the kit started: its process, its data folder, its log.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
};

use super::{
    clock::Deadline,
    http::{Http, Limits, Outgoing},
    mask::{Mask, Pattern},
    port::Port,
};
use crate::{
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
    /// What nodes are made to look like.
    pub mask: Option<Arc<Pattern>>,
}

/// A launched node. Dropping it kills the process.
#[derive(Debug)]
pub struct Node {
    /// Through its mask, where it wears one.
    pub http: Http,
    /// `{port}`, `{url}`, `{data}` and their like, for the node's own commands.
    pub names: BTreeMap<&'static str, String>,
    launch: Launch,
    env: BTreeMap<String, String>,
    data: PathBuf,
    shepherd: PathBuf,
    child: Option<Child>,
    _port: Port,
    _mask: Option<Mask>,
    /// How many files its commands were given.
    files: usize,
}

impl Node {
    /// Starts a node on a folder and a port of its own and waits until it is ready. `public` is the address under which others
    /// reach it; without it they reach it where it listens.
    pub async fn launch(
        ground: &Ground,
        target: &Target,
        variants: &[&str],
        label: &str,
        public: Option<&str>,
    ) -> Result<Self, Gone> {
        let mut attempts = 0;
        loop {
            let mut node = Self::rest(ground, target, variants, label, public).await?;
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

    /// A node that is not started yet.
    pub async fn rest(
        ground: &Ground,
        target: &Target,
        variants: &[&str],
        label: &str,
        public: Option<&str>,
    ) -> Result<Self, Gone> {
        let launch = target.launch.clone();
        let launch = launch.ok_or_else(|| gone("the target has no [launch]"))?;
        let data = ground.scratch.join(label);
        fs::create_dir_all(&data).map_err(|error| gone(format!("{}: {error}", data.display())))?;
        let port = Port::free().map_err(|error| gone(format!("no free port: {error}")))?;
        let mut here = format!("http://127.0.0.1:{}", port.number);
        let mask = match &ground.mask {
            None => None,
            Some(pattern) => Some(Mask::put_on(&here, pattern, ground.limits).await.map_err(gone)?),
        };
        if let Some(mask) = &mask {
            here.clone_from(&mask.url);
        }
        let names = BTreeMap::from([
            ("here", target.here.display().to_string()),
            ("self", ground.kit.display().to_string()),
            ("data", data.display().to_string()),
            ("port", port.number.to_string()),
            ("url", public.unwrap_or(&here).to_owned()),
        ]);
        let mut env = launch.env.clone();
        for variant in variants {
            env.extend(launch.variants.get(*variant).cloned().unwrap_or_default());
        }
        let http = Http::new(&here, ground.limits).map_err(gone)?;
        Ok(Self {
            http,
            names,
            launch,
            env,
            data,
            shepherd: ground.kit.clone(),
            child: None,
            _port: port,
            _mask: mask,
            files: 0,
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

    /// Runs a command of the target's in the node's folder and environment, with further names. `{file}` in it is a file of its own,
    /// with `input` in it where there is some.
    pub async fn run(
        &mut self,
        template: &[String],
        more: &BTreeMap<&'static str, String>,
        input: Option<String>,
    ) -> Result<Event, String> {
        self.files += 1;
        let file = self.data.join(format!("file-{}.json", self.files));
        if let Some(input) = input {
            fs::write(&file, input).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        let mut names = self.names.clone();
        names.extend(more.iter().map(|(name, value)| (*name, value.clone())));
        names.insert("file", file.display().to_string());
        let parts: Vec<String> = template.iter().map(|part| fill(part, &names)).collect();
        let (program, arguments) = parts.split_first().ok_or("a command of the target's: it is empty")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.data)
            .envs(self.env.iter().map(|(name, value)| (name, fill(value, &self.names))))
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
            exit: output.status.code(),
            file: written(&file),
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

    /// The process stands still, or goes on.
    pub async fn pause(&mut self, paused: bool) -> Result<(), Gone> {
        let order: &[u8] = if paused { b"pause\n" } else { b"resume\n" };
        let orders = self.child.as_mut().and_then(|child| child.stdin.as_mut());
        let orders = orders.ok_or_else(|| gone("the node does not run, so it cannot stand still"))?;
        orders
            .write_all(order)
            .await
            .map_err(|_| self.last_words("the node's process ended"))
    }

    /// Kills the process and takes away all its files but its log.
    pub async fn lose(&mut self) -> Result<(), Gone> {
        self.end(false).await?;
        let clear = || -> std::io::Result<()> {
            for entry in fs::read_dir(&self.data)? {
                let path = entry?.path();
                if path.is_dir() {
                    fs::remove_dir_all(&path)?;
                } else if !path.ends_with(LOG) {
                    fs::remove_file(&path)?;
                }
            }
            Ok(())
        };
        clear().map_err(|error| gone(format!("{}: {error}", self.data.display())))
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

/// The JSON in a file that a command wrote; null where there is none.
fn written(path: &Path) -> Value {
    let short = fs::metadata(path).is_ok_and(|meta| meta.len() <= LONGEST_FILE);
    let text = if short { fs::read_to_string(path).ok() } else { None };
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
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

/// Bytes of a file that a command wrote.
const LONGEST_FILE: u64 = 1 << 20;
const COMMAND: Duration = Duration::from_secs(30);
const LOG: &str = "node.log";
