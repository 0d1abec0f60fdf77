//! Looking at what a declared node publishes about itself.

use std::time::Duration;

use super::client::{self, FetchError, Limits};
use crate::domain::declaration::{Declaration, Published};
use crate::domain::instant::now_micros;
use crate::domain::json;
use crate::policy::{DocumentLimits, LookUp};

fn limits() -> Limits {
    let (seconds, bytes) = match DocumentLimits::now() {
        DocumentLimits::FiveSecondsAnd64Kib => (5, 65_536),
        DocumentLimits::HalfAMinute => (30, 65_536),
        DocumentLimits::SixteenKib => (5, 16_384),
        DocumentLimits::OneMib => (5, 1 << 20),
    };
    Limits {
        time: Duration::from_secs(seconds),
        bytes,
    }
}

/// Judges a declaration by its signature and by the node's own document. The error is the reason for the audit.
pub(crate) async fn verify(declaration: &Declaration, me: &str, my_url: &str) -> Result<(), &'static str> {
    if declaration.node_id == me {
        return Err("own_node_id");
    }
    // Nobody makes this node send requests without having signed for the address.
    if !declaration.signature_holds() {
        return Err("invalid_signature");
    }
    let published = match LookUp::now() {
        LookUp::Never => Published::as_declared(declaration),
        look_up => match published(&declaration.node_url, my_url).await {
            Err(reason) if look_up.passes_over(reason) => Published::as_declared(declaration),
            published => published?,
        },
    };
    declaration.judge(&published, now_micros())
}

async fn published(node_url: &str, my_url: &str) -> Result<Published, &'static str> {
    let base = match LookUp::now() {
        LookUp::AtTheRoot => root(node_url),
        _ => node_url.trim_end_matches('/'),
    };
    let fetch = async {
        let client = client::outward(base, my_url).await?;
        client::get(&client, &format!("{base}/.well-known/stigmem"), None, limits()).await
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
    let good = match LookUp::now() {
        LookUp::AnySuccess => 200..=299,
        _ => 200..=200,
    };
    if !good.contains(&answer.status) {
        return Err("discovery_not_ok");
    }
    let document = json::read(&answer.body).map_err(|_| "discovery_unreadable")?;
    Published::from_json(&document).ok_or("discovery_unreadable")
}

/// A URL without its path.
fn root(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let path = url[authority..].find('/').map_or(url.len(), |at| authority + at);
    &url[..path]
}
