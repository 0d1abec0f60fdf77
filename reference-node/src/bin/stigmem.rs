//! The operator's command line. Everything is in the library.

fn main() -> std::process::ExitCode {
    stigmem_node::operator_main(std::env::args_os())
}
