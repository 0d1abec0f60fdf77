//! The Stigmem conformance harness: plans a run, drives a node, judges the trace, reports.

// What our tests share with those of the binary calls us by the name that they know.
#[cfg(test)]
extern crate self as stigmem_conformance;

pub mod bench;
pub mod bindings;
pub mod body;
pub mod cli;
pub mod compare;
pub mod data;
pub mod demo;
pub mod deviations;
pub mod drive;
pub mod error;
pub mod exit;
pub mod expected;
pub mod explore;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod init;
pub mod judge;
#[cfg(test)]
mod laws;
pub mod matrix;
pub mod plan;
pub mod protocol;
pub mod registry;
pub mod report;
pub mod schemas;
pub mod seed;
pub mod target;
pub mod trace;
pub mod vectors;
pub mod world;
