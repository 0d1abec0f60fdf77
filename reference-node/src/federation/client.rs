//! Requests to other nodes. Every convenience is off, and whatever a node may send has a limit.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, redirect};

/// The most that is read, and for how long, from connecting to the last byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the node cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the node sent more than {0} bytes")]
    TooLarge(usize),
    #[error("the node took longer than {0:?}")]
    TimedOut(Duration),
}

/// A client for the node at `base`: no redirects, no proxies, no cookies, no decompression.
pub(crate) fn client(base: &str) -> Result<Client, FetchError> {
    // The process may have installed it already; either way one is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    // Reading the system's certificates takes a while, and without redirects only https asks for them.
    let builder = if base.starts_with("http://") {
        builder.tls_certs_only([])
    } else {
        builder
    };
    plain(builder).build().map_err(FetchError::from)
}

fn plain(builder: ClientBuilder) -> ClientBuilder {
    builder
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        // A kept connection that the peer closes at the wrong moment would look like a failure of the peer.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("stigmem-node/", env!("CARGO_PKG_VERSION")))
}

pub(crate) async fn get(
    client: &Client,
    url: &str,
    bearer: Option<&str>,
    limits: Limits,
) -> Result<Answer, FetchError> {
    let mut request = client.get(url);
    if let Some(token) = bearer {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    within(limits, async { read(request.send().await?, limits.bytes).await }).await
}

pub(crate) async fn post(
    client: &Client,
    url: &str,
    bearer: Option<&str>,
    body: String,
    limits: Limits,
) -> Result<Answer, FetchError> {
    let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
    if let Some(token) = bearer {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    within(limits, async { read(request.send().await?, limits.bytes).await }).await
}

async fn within(limits: Limits, fetch: impl Future<Output = Result<Answer, FetchError>>) -> Result<Answer, FetchError> {
    tokio::time::timeout(limits.time, fetch)
        .await
        .unwrap_or(Err(FetchError::TimedOut(limits.time)))
}

async fn read(mut response: Response, most: usize) -> Result<Answer, FetchError> {
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(FetchError::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
    }
    out
}
