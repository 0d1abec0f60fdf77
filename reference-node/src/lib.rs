//! The Stigmem reference node: a small complete node, kept simple enough to read beside the specification.
//!
//! `main → config → http → domain → store`: the HTTP layer knows the protocol's messages, `domain` its rules and nothing
//! else, the store keeps facts in one SQLite file with one writer. `federation` is the client side: it asks peers for facts. The crate never shares code with the conformance
//! harness, which runs it as it runs any other node: as a child process, over HTTP.

mod config;
mod document;
mod domain;
mod federation;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod operator;
mod policy;
mod server;
mod store;

use std::ffi::OsString;
use std::process::ExitCode;

/// Reads the settings from the environment and serves until SIGTERM or Ctrl-C. Looks at no arguments.
pub fn server_main() -> ExitCode {
    server::serve_from_env()
}

/// The binary `stigmem-node`: [`server_main`] with `--help` and `--version`.
pub fn server_command() -> ExitCode {
    server::main()
}

/// The binary `stigmem`; the first of `args` is the program's name.
pub fn operator_main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    operator::main(args)
}

/// The policies that this node can be told to break, each with its wrong values.
#[cfg(feature = "deviations")]
pub fn deviations() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    policy::deviations::known()
}
