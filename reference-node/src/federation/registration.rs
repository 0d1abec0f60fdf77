//! Looking at what a declared node publishes about itself.

use std::time::Duration;

use super::client::{self, FetchError, Limits};
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
    let published = published(&declaration.node_url, my_url).await?;
    declaration.judge(&published, now_micros())
}

async fn published(node_url: &str, my_url: &str) -> Result<Published, &'static str> {
    let base = node_url.trim_end_matches('/');
    let fetch = async {
        let client = client::outward(base, my_url).await?;
        client::get(&client, &format!("{base}/.well-known/stigmem"), None, LIMITS).await
    };
    let answer = fetch.await.map_err(|error| {
        tracing::info!(%error, base, "the document of a declared node could not be read");
        match error {
            FetchError::Loopback => "node_url_is_loopback",
            FetchError::Unresolvable => "node_url_unresolvable",
            FetchError::TooLarge(_) => "discovery_too_large",
            _ => "discovery_unreachable",
        }
    })?;
    if answer.status != 200 {
        return Err("discovery_not_ok");
    }
    let document = json::read(&answer.body).map_err(|_| "discovery_unreadable")?;
    Published::from_json(&document).ok_or("discovery_unreadable")
}
