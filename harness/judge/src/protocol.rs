//! The harness's own reading of the protocol's small pure rules.
//!
//! Nothing here reads a socket, a file, a clock or a random source: the same input gives the same answer, which is what lets
//! a trace be judged again later. The node under test has its own reading. This one is held to `vectors/pure/`.

pub mod cid;
pub mod hlc;
pub mod instant;
pub mod peering;
pub mod uri;

#[cfg(test)]
mod laws;
