//! What decides about a node, and what tells people: the data files, plans, traces, verdicts and reports.
//!
//! Pure but for reading and writing files: no sockets, no processes, no clock. `stigmem-conformance` drives nodes and asks this crate.

// What our tests share with those of the binary calls us by the name that they know.
#[cfg(test)]
extern crate self as stigmem_judge;

pub mod adapter;
pub mod bindings;
pub mod body;
pub mod compare;
pub mod coverage;
pub mod data;
pub mod error;
pub mod exit;
pub mod expected;
pub mod judge;
#[cfg(test)]
mod laws;
pub mod matrix;
pub mod percent;
pub mod plan;
pub mod profiles;
pub mod protocol;
pub mod registry;
pub mod report;
pub mod schemas;
pub mod seed;
pub mod target;
pub mod trace;
pub mod vectors;
