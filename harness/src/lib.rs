//! The Stigmem conformance harness.

pub mod protocol;
