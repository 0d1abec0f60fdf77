//! The process between us and a node: `stigmem-conformance shepherd -- COMMAND…`.
//!
//! It holds one end of a pipe. When the other end closes, however we ended (also by SIGKILL), it kills the node's process group.
//! A signal that asks it to end (`killall stigmem-conformance` reaches it too) ends the node as well. Over the same pipe it is told to stop (`term`), kill (`kill`), halt (`pause`) or continue (`resume`) the node; it leaves with the node, and says how the node ended.

use std::{ffi::OsString, process::Stdio};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    signal::unix::{SignalKind, signal},
};

/// Runs until the command has ended; the text says how.
pub async fn run(command: Vec<OsString>) -> Result<String, String> {
    let Some((program, args)) = command.split_first() else {
        return Err("shepherd wants a command".to_owned());
    };
    // Before there is a child: a signal in between would end us and leave it.
    let listen = |kind| signal(kind).map_err(|error| format!("signals cannot be heard: {error}"));
    let mut asked = [
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
        listen(SignalKind::hangup())?,
    ];
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
