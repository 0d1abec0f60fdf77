//! The process between us and a node: `stigmem-conformance shepherd -- COMMAND…`.
//!
//! It holds one end of a pipe. When the other end closes, however we ended (also by SIGKILL), it kills the node's process group.
//! A signal that asks it to end (`killall stigmem-conformance` reaches it too) ends the node as well. Over the same pipe it is told to stop (`term`), kill (`kill`), halt (`pause`) or continue (`resume`) the node; it leaves with the node, and says how the node ended.
//!
//! An adapter's shepherd (`shepherd --lifeline ADDRESS -- COMMAND…`) leaves the three streams to the adapter. Its pipe is a connection, over which
//! it says how the adapter ended; it kills what is left of the group when the other end closes it.

use std::{
    ffi::OsString,
    net::SocketAddr,
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus, Stdio},
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpStream, tcp::OwnedReadHalf},
    process::Command,
    signal::unix::{Signal, SignalKind, signal},
};

/// Runs until the command has ended; the text says how.
pub async fn run(command: Vec<OsString>) -> Result<String, String> {
    let Some((program, args)) = command.split_first() else {
        return Err("shepherd wants a command".to_owned());
    };
    // Before there is a child: a signal in between would end us and leave it.
    let mut asked = signals()?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    let mut wrap = CommandWrap::from(command);
    wrap.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
    let mut child = wrap
        .spawn()
        .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    let mut orders = BufReader::new(tokio::io::stdin()).lines();
    loop {
        let [terminate, interrupt, hangup] = &mut asked;
        tokio::select! {
            _ = terminate.recv() => obey(None, &mut *child)?,
            _ = interrupt.recv() => obey(None, &mut *child)?,
            _ = hangup.recv() => obey(None, &mut *child)?,
            ended = child.wait() => return Ok(ended.map_or_else(|error| error.to_string(), |status| status.to_string())),
            order = orders.next_line() => obey(order.ok().flatten().as_deref(), &mut *child)?,
        }
    }
}

/// What an adapter's shepherd says over its lifeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    Exit(i32),
    Signal(i32),
    NotStarted(String),
}

impl Told {
    fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exit(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

/// Runs until the command has ended and nobody holds the other end of the lifeline.
pub async fn attend(lifeline: SocketAddr, command: Vec<OsString>) -> Result<(), String> {
    let Some((program, args)) = command.split_first() else {
        return Err("shepherd wants a command".to_owned());
    };
    let mut asked = signals()?;
    let lifeline = TcpStream::connect(lifeline)
        .await
        .map_err(|error| format!("the lifeline is not there: {error}"))?;
    let (mut held, mut end) = lifeline.into_split();
    let mut command = Command::new(program);
    command.args(args);
    let mut wrap = CommandWrap::from(command);
    wrap.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
    let mut child = match wrap.spawn() {
        Ok(child) => child,
        Err(error) => {
            let what = format!("{} cannot be started: {error}", program.display());
            say(&mut end, &Told::NotStarted(what)).await;
            let_go(&mut held).await;
            return Ok(());
        }
    };
    let [terminate, interrupt, hangup] = &mut asked;
    let ended = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        _ = hangup.recv() => None,
        () = let_go(&mut held) => None,
        ended = child.wait() => ended.ok(),
    };
    if let Some(status) = ended {
        say(&mut end, &Told::of(status)).await;
        // What it left behind may still be at work.
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            () = let_go(&mut held) => {}
        }
    }
    let _ = child.start_kill();
    Ok(())
}

/// Somebody who is gone needs no telling.
async fn say(end: &mut (impl tokio::io::AsyncWrite + Unpin), told: &Told) {
    let mut line = serde_json::to_string(told).unwrap_or_default();
    line.push('\n');
    let _ = end.write_all(line.as_bytes()).await;
}

/// Resolves when the other end of the lifeline is closed.
async fn let_go(held: &mut OwnedReadHalf) {
    let mut bytes = [0; 64];
    while let Ok(1..) = held.read(&mut bytes).await {}
}

fn signals() -> Result<[Signal; 3], String> {
    let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be heard: {error}"));
    Ok([
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
        listen(SignalKind::hangup())?,
    ])
}

fn obey(order: Option<&str>, child: &mut dyn ChildWrapper) -> Result<(), String> {
    let done = match order {
        Some("term") => child.signal(SIGTERM),
        Some("pause") => child.signal(SIGSTOP),
        Some("resume") => child.signal(SIGCONT),
        Some("kill") | None => child.start_kill(),
        Some(other) => return Err(format!("{other:?} is not an order")),
    };
    // A process that is already gone needs no signal.
    let _ = done;
    Ok(())
}

const SIGTERM: i32 = 15;
// These two have other numbers on Linux than on the BSDs and macOS.
const SIGSTOP: i32 = if cfg!(target_os = "linux") { 19 } else { 17 };
const SIGCONT: i32 = if cfg!(target_os = "linux") { 18 } else { 19 };
