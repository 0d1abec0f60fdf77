//! The node from outside, as a process of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod decay;
mod federation;
mod handshake;
mod http;
mod life;
mod looking;
mod peer;
mod support;
mod topology;
