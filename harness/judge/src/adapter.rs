//! Adapters: what a case about one says, which cases one can be judged by, and what was seen of it.
//!
//! A case says what the host asks for, how the node answers, and what must be seen on both sides. How an adapter is called stands in an
//! adapter file. What was seen is written into a trace like any other; who calls the adapter and plays its node writes it.

pub mod case;
pub mod context;
pub mod file;
pub mod judge;
mod observe;
pub mod operation;
pub mod plan;
pub mod template;

pub use observe::pairs;

/// The profile of the specification that is about adapters.
pub const PROFILE: &str = "adapter";
