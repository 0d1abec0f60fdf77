//! The Stigmem reference node.
mod domain;
mod store;
pub fn server_main() -> std::process::ExitCode { std::process::ExitCode::SUCCESS }
pub fn operator_main(_: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode { std::process::ExitCode::SUCCESS }
