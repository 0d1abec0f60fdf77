//! Adapters: the kit plays the host that calls one, and the node that it talks to.
//!
//! A case says what the host asks for, how the node answers, and what must be seen on both sides. How an adapter is called stands in an
//! adapter file. What was seen is written into a trace like any other; the judge is pure.

pub mod case;
pub mod context;
pub mod file;
mod host;
pub mod judge;
mod mcp;
mod node;
mod observe;
pub mod operation;
pub mod plan;
pub mod play;
mod process;
mod script;
mod session;
pub mod template;

/// The profile of the specification that is about adapters.
pub const PROFILE: &str = "adapter";
