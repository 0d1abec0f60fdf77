//! A command of the adapter's: its streams, its time, its end. A shepherd keeps it from outliving us.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader, Lines},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{trace::Ended, world::shepherd::Told};

/// How a command is started.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// This program, which is the shepherd.
    pub kit: PathBuf,
    /// Program and arguments.
    pub command: Vec<String>,
    /// What its environment has beside ours; `None` takes a variable away.
    pub env: BTreeMap<String, Option<String>>,
}

/// A running command. Dropping it kills the command and what it started.
#[derive(Debug)]
pub(super) struct Running {
    /// Present where the host talks to it.
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<ChildStdout>,
    pub stderr: Kept,
    /// A stream from which its end is told; dropping it lets the command's group be killed.
    lifeline: Option<Lines<BufReader<TcpStream>>>,
    shepherd: Child,
    end: Option<End>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub ended: Ended,
    pub exit: Option<i32>,
}

/// Why a command could not be run.
#[derive(Debug, Clone)]
pub(super) enum NotRun {
    /// The user's command.
    Command(String),
    /// Ours.
    Harness(String),
}

impl Start {
    /// Starts it. `talks`: its standard input is ours to write to; otherwise it is empty.
    pub(super) async fn run(&self, talks: bool) -> Result<Running, NotRun> {
        let fail = |what: &str| {
            let what = what.to_owned();
            move |error: std::io::Error| NotRun::Harness(format!("{what}: {error}"))
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(fail("no lifeline"))?;
        let address = listener.local_addr().map_err(fail("no lifeline"))?;
        let mut command = Command::new(&self.kit);
        command.args(["shepherd", "--lifeline", &address.to_string(), "--"]);
        // Where the user is: what they type is relative to that.
        command.args(&self.command);
        self.set_env(&mut command);
        let input = if talks { Stdio::piped() } else { Stdio::null() };
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Not killed with this value: the shepherd sees that its lifeline is gone, and takes the command with it.
        command.process_group(0);
        let mut shepherd = command.spawn().map_err(fail("the shepherd cannot be started"))?;
        let (lifeline, _) = timeout(BRIEFLY, listener.accept())
            .await
            .map_err(|_| NotRun::Harness("the shepherd does not come".to_owned()))?
            .map_err(fail("no lifeline"))?;
        let stderr = Kept::default();
        if let Some(stream) = shepherd.stderr.take() {
            stderr.fill_from(stream);
        }
        Ok(Running {
            stdin: shepherd.stdin.take(),
            stdout: shepherd.stdout.take(),
            stderr,
            lifeline: Some(BufReader::new(lifeline).lines()),
            shepherd,
            end: None,
        })
    }

    /// Ours, without what would be taken for the case's or lead requests elsewhere, and with what the case wants.
    fn set_env(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_ascii_uppercase();
            if text.starts_with("STIGMEM_") || text.ends_with("_PROXY") {
                command.env_remove(&name);
            }
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }
}

impl Running {
    /// Waits for its end, however long that takes.
    pub(super) async fn ended(&mut self) -> Result<End, NotRun> {
        if let Some(end) = self.end {
            return Ok(end);
        }
        let gone = || NotRun::Harness("the shepherd is gone".to_owned());
        let lifeline = self.lifeline.as_mut().ok_or_else(gone)?;
        let line = lifeline.next_line().await.ok().flatten().ok_or_else(gone)?;
        let end = match serde_json::from_str(&line) {
            Ok(Told::Exit(code)) => End {
                ended: Ended::Exited,
                exit: Some(code),
            },
            Ok(Told::Signal(_)) => End {
                ended: Ended::Signalled,
                exit: None,
            },
            Ok(Told::NotStarted(message)) => return Err(NotRun::Command(message)),
            Err(_) => return Err(gone()),
        };
        self.end = Some(end);
        Ok(end)
    }

    /// Its end, when it ends in time.
    pub(super) async fn ended_within(&mut self, limit: Duration) -> Result<Option<End>, NotRun> {
        match timeout(limit, self.ended()).await {
            Ok(end) => end.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// Kills it and what it started; returns when all is gone.
    pub(super) async fn clear(&mut self) {
        self.stdin = None;
        self.lifeline = None;
        if timeout(BRIEFLY, self.shepherd.wait()).await.is_err() {
            let _ = self.shepherd.start_kill();
        }
    }
}

/// What was read from a stream, up to a limit; the rest is read and forgotten.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    at_end: bool,
}

impl Kept {
    /// Reads in the background until the stream ends.
    pub(super) fn fill_from(&self, mut stream: impl AsyncRead + Send + Unpin + 'static) {
        let kept = self.clone();
        tokio::spawn(async move {
            let mut buffer = vec![0; 16 << 10];
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                let mut state = kept.state();
                let room = LONGEST_TEXT.saturating_sub(state.bytes.len());
                state.bytes.extend_from_slice(&buffer[..read.min(room)]);
            }
            kept.state().at_end = true;
        });
    }

    /// How much there is.
    pub(super) fn len(&self) -> usize {
        self.state().bytes.len()
    }

    /// What came after the first `from` bytes.
    pub(super) fn text(&self, from: usize) -> String {
        let state = self.state();
        String::from_utf8_lossy(&state.bytes[from.min(state.bytes.len())..]).into_owned()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.state().at_end
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A folder for what an adapter may write.
pub(super) fn folder(scratch: &Path, label: &str) -> Result<PathBuf, String> {
    let folder = scratch.join(label.replace('/', "-"));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}

/// For what takes no time.
const BRIEFLY: Duration = Duration::from_secs(20);

/// Bytes of a stream that are kept.
const LONGEST_TEXT: usize = 256 << 10;
