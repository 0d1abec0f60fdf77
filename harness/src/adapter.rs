//! Adapters: the kit plays the host that calls one, and the node that it talks to.
//!
//! What was seen is written into a trace like any other. What cases say and what decides is in `stigmem-judge`.

mod host;
mod mcp;
mod node;
pub mod play;
mod process;
mod script;
mod session;

// What is pure is found here as well.
pub use stigmem_judge::adapter::{PROFILE, case, context, file, judge, operation, pairs, plan, template};
