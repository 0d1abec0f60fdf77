//! The Stigmem conformance harness.
