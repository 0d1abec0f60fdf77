//! Looking at what a declared node publishes about itself.

use std::time::Duration;

use super::client::{self, Limits};
use crate::domain::address::{Address, is_own_machine};
use crate::domain::declaration::{Declaration, Published};
use crate::domain::instant::now_micros;
use crate::domain::json;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    bytes: 65_536,
};

/// Judges a declaration by its signature and by the node's own document. The error is the reason for the audit.
pub(crate) async fn verify(declaration: &Declaration, me: &str, my_url: &str) -> Result<(), &'static str> {
    if declaration.node_id == me {
        return Err("own_node_id");
    }
    // Nobody makes this node send requests without having signed for the address.
    if !declaration.signature_holds() {
        return Err("invalid_signature");
    }
    let address = Address::parse(&declaration.node_url).ok_or("node_url_unreadable")?;
    if !Address::parse(my_url).is_some_and(|mine| mine.is_loopback()) {
        tokio::time::timeout(LIMITS.time, stays_outside(&address))
            .await
            .unwrap_or(Err("node_url_unresolvable"))?;
    }
    let published = published(&declaration.node_url).await?;
    declaration.judge(&published, now_micros())
}

/// Declarations must not turn the node against the services of the machine that it runs on.
async fn stays_outside(address: &Address) -> Result<(), &'static str> {
    if address.is_loopback() {
        return Err("node_url_is_loopback");
    }
    let mut addresses = tokio::net::lookup_host(address.target())
        .await
        .map_err(|_| "node_url_unresolvable")?;
    if addresses.any(|found| is_own_machine(found.ip())) {
        return Err("node_url_is_loopback");
    }
    Ok(())
}

async fn published(node_url: &str) -> Result<Published, &'static str> {
    let base = node_url.trim_end_matches('/');
    let client = client::client(base).map_err(|_| "discovery_unreachable")?;
    let fetched = client::get(&client, &format!("{base}/.well-known/stigmem"), None, LIMITS).await;
    let answer = fetched.map_err(|error| {
        tracing::info!(%error, base, "the document of a declared node could not be read");
        "discovery_unreachable"
    })?;
    if answer.status != 200 {
        return Err("discovery_not_ok");
    }
    let document = json::read(&answer.body).map_err(|_| "discovery_unreadable")?;
    Published::from_json(&document).ok_or("discovery_unreadable")
}
