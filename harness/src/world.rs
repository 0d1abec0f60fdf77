//! The world that cases play in. All I/O towards a target is here.

pub mod clock;
pub mod http;
pub mod keys;
pub mod link;
pub mod mask;
pub mod node;
pub mod peer;
pub mod port;
pub mod raw;
pub(crate) mod serve;
pub mod shepherd;
