//! The node from outside, as a process of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod adapters;
mod decay;
mod fake;
mod federation;
mod handshake;
mod http;
mod life;
mod looking;
mod mcp;
mod peer;
mod support;
mod topology;
