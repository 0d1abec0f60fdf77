//! The Stigmem conformance harness: plans a run, drives a node, judges the trace, reports.

pub mod adapter;
pub mod bench;
pub mod cli;
pub mod demo;
pub mod deviations;
pub mod drive;
pub mod explore;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod init;
pub mod matrix;
pub mod world;

// What is pure has a crate of its own, and is found here as before.
pub use stigmem_judge::{
    bindings, body, compare, coverage, data, error, exit, expected, judge, plan, profiles, protocol, registry, report,
    schemas, seed, target, trace, vectors,
};
