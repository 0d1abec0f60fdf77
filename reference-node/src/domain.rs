//! The protocol's rules as plain functions and values. Nothing here knows HTTP or SQL.

pub(crate) mod address;
pub(crate) mod archive;
pub(crate) mod bucket;
pub(crate) mod caller;
pub(crate) mod cid;
pub(crate) mod cursor;
pub(crate) mod decay;
pub(crate) mod declaration;
pub(crate) mod fact;
pub(crate) mod hlc;
pub(crate) mod id;
pub(crate) mod incoming;
pub(crate) mod instant;
pub(crate) mod job;
pub(crate) mod json;
pub(crate) mod key;
pub(crate) mod lint;
pub(crate) mod members;
pub(crate) mod number;
pub(crate) mod page;
pub(crate) mod peer;
pub(crate) mod scope;
pub(crate) mod signing;
pub(crate) mod standing;
pub(crate) mod synthesis;
pub(crate) mod token;
pub(crate) mod uri;
pub(crate) mod value;
#[cfg(test)]
mod vectors;
