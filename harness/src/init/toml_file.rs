//! The target file that `init` writes.

use std::path::Path;

use super::{Access, discover::Found, one_line};
use crate::{error::RunError, schemas::Schemas};

/// The text. Whatever comes from the node stands in TOML strings or, on one line, in comments.
pub(super) fn text(found: &Found, access: &Access) -> String {
    let host = found
        .base
        .split_once("://")
        .map_or(found.base.as_str(), |(_, rest)| rest);
    let node = one_line(found.member("node_id").unwrap_or("unknown"), 120);
    let protocol = one_line(found.member("version").unwrap_or("unknown"), 40);
    let mut text = format!(
        "# A node to judge, written by `stigmem-conformance init`. Run it with:\n\
         #   stigmem-conformance run --target THIS_FILE\n\
         # At the time it said: node id {node}, protocol version {protocol}.\n\
         \n\
         # What reports call the implementation, and its version: edit both.\n\
         name = {}\n\
         version = \"\"\n\
         \n\
         # Optional features that it claims; `init` cannot see them from outside:\n\
         #   include-retracted   GET /v1/facts knows the parameter include_retracted\n\
         #   past-timestamp      POST /v1/facts takes a `timestamp` from a key with admin\n\
         #   command-line        `stigmem federation` registers peers and keeps checkpoints\n\
         #   instructions        facts may be instructions, with rules of their own\n\
         #   jobs                lint and decay of a large scope are answered with a job\n\
         #   push                POST /v1/federation/facts/push can be switched on\n\
         #   team-federation     an operator can allow the scope team between nodes\n\
         features = []\n\
         \n\
         # A run writes facts that stay: never point this at a node whose data matters.\n\
         [attach]\n\
         url = {}\n",
        string(&format!("node at {host}")),
        string(&found.base),
    );
    text.push_str("# Environment variable with a key that may read and write every scope.\n");
    match &access.key_env {
        Some(name) => text.push_str(&format!("key_env = {}\n", string(name))),
        None => text.push_str("# key_env = \"STIGMEM_KEY\"\n"),
    }
    text.push_str(
        "\n[keys]\n# Environment variable with a key that has admin: further keys are made with POST /v1/auth/keys.\n",
    );
    match access.key_env.as_ref().filter(|_| access.manages_keys) {
        Some(name) => text.push_str(&format!("admin_env = {}\n", string(name))),
        None => text.push_str("# admin_env = \"STIGMEM_ADMIN_KEY\"\n"),
    }
    text.push_str(
        "\n# Cases that are known to fail, each with its reason; one that passes fails the run.\n\
         # [[expected]]\n\
         # case = \"the-id-of-a-case\"\n\
         # reason = \"issue 12 of the implementation\"\n",
    );
    text
}

/// What we write is what we would read.
pub(super) fn check(text: &str, out: &Path, schemas: &Schemas) -> Result<(), RunError> {
    let value: serde_json::Value =
        toml::from_str(text).map_err(|error| RunError::Harness(format!("the target file that was made: {error}")))?;
    schemas
        .check_file("target", &out.display().to_string(), &value)
        .map_err(|error| RunError::Harness(error.to_string()))
}

fn string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
