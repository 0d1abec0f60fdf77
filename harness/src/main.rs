//! The command `stigmem-conformance`. See `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    stigmem_conformance::cli::main()
}
