//! The Stigmem reference node.
