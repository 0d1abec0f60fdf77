//! API keys for the cases: minted by a command of the target's, or over HTTP with an admin key.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use serde_json::json;
use tokio::process::Command;

use super::{
    http::{Http, Outgoing},
    node::fill,
};
use crate::{
    target::Target,
    trace::{Answer, Response},
    vectors::KeyWish,
};

/// A key, and how it is written down.
#[derive(Debug, Clone)]
pub struct Key {
    pub raw: String,
    pub shown: String,
}

/// Makes one key. The error is what was missing.
pub async fn mint(
    target: &Target,
    http: &Http,
    names: &BTreeMap<&'static str, String>,
    wish: &KeyWish,
    entity: &str,
) -> Result<String, String> {
    if !target.keys.mint.is_empty() {
        return by_command(&target.keys.mint, names, wish, entity).await;
    }
    if let Some(variable) = &target.keys.admin_env {
        let admin = from_env(variable)?;
        return over_http(http, &admin, wish, entity).await;
    }
    Err(format!(
        "a key with permissions {:?} and scopes {:?}: the target says no way to make one (keys.mint or keys.admin_env)",
        wish.permissions, wish.scopes
    ))
}

pub fn from_env(variable: &str) -> Result<String, String> {
    std::env::var(variable)
        .ok()
        .filter(|key| !key.is_empty())
        .ok_or_else(|| format!("a key: the environment variable {variable} is not set"))
}

async fn by_command(
    template: &[String],
    names: &BTreeMap<&'static str, String>,
    wish: &KeyWish,
    entity: &str,
) -> Result<String, String> {
    let mut names = names.clone();
    names.insert("entity", entity.to_owned());
    names.insert("permissions", wish.permissions.join(","));
    names.insert("scopes", wish.scopes.join(","));
    let parts: Vec<String> = template.iter().map(|part| fill(part, &names)).collect();
    let mut command = Command::new(&parts[0]);
    command
        .args(&parts[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command
        .spawn()
        .map_err(|error| format!("a key: {:?} cannot be started: {error}", parts[0]))?;
    let output = tokio::time::timeout(MINTING, child.wait_with_output())
        .await
        .map_err(|_| format!("a key: {:?} took more than {} s", parts[0], MINTING.as_secs()))?
        .map_err(|error| format!("a key: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().last().map(str::trim) {
        Some(key) if output.status.success() && !key.is_empty() => Ok(key.to_owned()),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said: String = said.lines().last().unwrap_or("nothing").chars().take(300).collect();
            Err(format!(
                "a key: {:?} ended with {} and said: {said}",
                parts.join(" "),
                output.status
            ))
        }
    }
}

async fn over_http(http: &Http, admin: &str, wish: &KeyWish, entity: &str) -> Result<String, String> {
    let body = json!({"entity_uri": entity, "permissions": wish.permissions, "allowed_scopes": wish.scopes});
    let request = Outgoing {
        method: "POST".to_owned(),
        target: "/v1/auth/keys".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
        authorization: Some((format!("Bearer {admin}"), "Bearer {key:admin}".to_owned())),
    };
    match http.send(request).await?.answer {
        Answer::Response(Response {
            status: 200..=299,
            body,
            ..
        }) => {
            let created = body.json().unwrap_or_default();
            let key = created["key"]
                .as_str()
                .ok_or("a key: POST /v1/auth/keys answered without the member `key`")?;
            Ok(key.to_owned())
        }
        Answer::Response(response) => Err(format!("a key: POST /v1/auth/keys answered {}", response.status)),
        Answer::None { message, .. } => Err(format!("a key: POST /v1/auth/keys: {message}")),
    }
}

const MINTING: Duration = Duration::from_secs(30);
