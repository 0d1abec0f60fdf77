//! Requests to other nodes. Every convenience is off, and whatever a node may send has a limit.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect};

use crate::domain::address::{Address, is_own_machine};
use crate::policy::{OwnMachine, Patience, Redirects};

/// How long the resolver may take.
const RESOLVING: Duration = Duration::from_secs(5);

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
    #[error("the URL of the node cannot be used")]
    Url,
    #[error("the name of the node cannot be resolved")]
    Unresolvable,
    #[error("the URL of the node names this machine")]
    Loopback,
}

/// A client for another node. Unless this node itself is reached by loopback alone, nobody's URL may turn it against the
/// services of its own machine: the name is resolved once, looked at, and then meant.
pub(crate) async fn outward(base: &str, my_url: &str) -> Result<Client, FetchError> {
    let at_home = Address::parse(my_url).is_some_and(|mine| mine.is_loopback());
    if at_home || OwnMachine::now() == OwnMachine::Asked {
        return client(base);
    }
    let address = Address::parse(base).ok_or(FetchError::Url)?;
    let (host, port) = address.target();
    let resolve = tokio::net::lookup_host((host.as_str(), port));
    let found: Vec<SocketAddr> = match tokio::time::timeout(RESOLVING, resolve).await {
        Ok(Ok(found)) => found.collect(),
        _ => return Err(FetchError::Unresolvable),
    };
    if address.is_loopback() || found.iter().any(|found| is_own_machine(found.ip())) {
        return Err(FetchError::Loopback);
    }
    build(base, |builder| builder.resolve_to_addrs(&host, &found))
}

/// Whether anything comes from another node when it is asked who it is.
pub(crate) async fn answers(base: &str, my_url: &str) -> bool {
    const LIMITS: Limits = Limits {
        time: Duration::from_secs(2),
        bytes: 1 << 20,
    };
    let Ok(client) = outward(base, my_url).await else {
        return false;
    };
    let url = format!("{}/.well-known/stigmem", base.trim_end_matches('/'));
    get(&client, &url, None, LIMITS).await.is_ok()
}

/// A client for the node at `base`: no redirects, no proxies, no cookies, no decompression.
pub(crate) fn client(base: &str) -> Result<Client, FetchError> {
    build(base, |builder| builder)
}

fn build(base: &str, adapt: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, FetchError> {
    // The process may have installed it already; either way one is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder();
    // Reading the system's certificates takes a while, and without redirects only https asks for them.
    let builder = if base.starts_with("http://") {
        builder.tls_certs_only([])
    } else {
        builder
    };
    adapt(plain(builder)).build().map_err(FetchError::from)
}

fn plain(builder: ClientBuilder) -> ClientBuilder {
    let redirects = match Redirects::now() {
        Redirects::Ignored => redirect::Policy::none(),
        Redirects::Followed => redirect::Policy::limited(5),
    };
    builder
        .redirect(redirects)
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
    fetch(request, limits).await
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
    fetch(request, limits).await
}

async fn fetch(request: RequestBuilder, limits: Limits) -> Result<Answer, FetchError> {
    let head = async { request.send().await.map_err(FetchError::from) };
    match Patience::now() {
        Patience::WithTheLastByte => within(limits, async { read(head.await?, limits.bytes).await }).await,
        Patience::WithTheHead => read(within(limits, head).await?, limits.bytes).await,
    }
}

async fn within<T>(limits: Limits, fetch: impl Future<Output = Result<T, FetchError>>) -> Result<T, FetchError> {
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
