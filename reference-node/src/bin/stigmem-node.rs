//! The server. Everything is in the library, so that the conformance harness can run the same code.

fn main() -> std::process::ExitCode {
    stigmem_node::server_command()
}
