//! Small HTTP servers of the harness's own, which may also hang up without an answer.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt as _};
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    header::{self, HeaderMap, HeaderName},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};

use super::{
    clock,
    http::{self, Limits},
};

pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The end of a connection in place of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
pub(crate) struct HangUp;

pub(crate) trait Answering: Send + Sync + 'static {
    fn answer(&self, request: Received) -> impl Future<Output = Result<Response<Body>, HangUp>> + Send;
}

/// A request, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub head: Arc<hyper::http::request::Parts>,
    pub body: Bytes,
}

/// A server that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Listens on a port of the system's choice.
    pub(crate) async fn start(answering: Arc<impl Answering>) -> io::Result<Self> {
        Self::start_at(0, answering).await
    }

    /// Listens on this port.
    pub(crate) async fn start_at(port: u16, answering: Arc<impl Answering>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // Dropped with the task, and the connections with it.
            let mut connections = JoinSet::new();
            loop {
                while connections.try_join_next().is_some() {}
                let Ok((stream, _)) = listener.accept().await else {
                    // No file descriptors left, say: others will free some.
                    clock::wait(Duration::from_millis(20)).await;
                    continue;
                };
                let answering = Arc::clone(&answering);
                connections.spawn(async move {
                    let service = service_fn(move |request| serve(Arc::clone(&answering), request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .keep_alive(false)
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self { address, task })
    }
}

async fn serve(answering: Arc<impl Answering>, request: Request<Incoming>) -> Result<Response<Body>, HangUp> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LONGEST)
        .collect()
        .await
        .map_err(|_too_long_or_broken| HangUp)?
        .to_bytes();
    let received = Received {
        head: Arc::new(head),
        body,
    };
    answering.answer(received).await
}

/// An answer of a node's that was asked for somebody else.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Hands requests on, as they came.
#[derive(Debug)]
pub(crate) struct Forwarder {
    client: reqwest::Client,
    longest: usize,
}

impl Forwarder {
    pub(crate) fn new(limits: Limits) -> Result<Self, String> {
        let client = http::client("http://", limits.time)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            client,
            longest: limits.body,
        })
    }

    pub(crate) async fn forward(&self, node: &str, request: &Received) -> Result<Passed, HangUp> {
        let target = request.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut headers = request.head.headers.clone();
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let sent = self
            .client
            .request(request.head.method.clone(), format!("{node}{target}"))
            .headers(headers)
            .body(request.body.clone())
            .send();
        let mut answer = sent.await.map_err(|_unreachable| HangUp)?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|_broken| HangUp)? {
            if body.len() + part.len() > self.longest {
                return Err(HangUp);
            }
            body.extend_from_slice(&part);
        }
        Ok(Passed {
            status,
            headers,
            body: body.into(),
        })
    }
}

/// What belongs to one connection, and is made anew for the next.
pub(crate) const HOP_BY_HOP: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// A body whose connection ends after its first `length` bytes.
pub(crate) fn cut(bytes: impl Into<Bytes>, length: usize) -> Body {
    let bytes: Bytes = bytes.into();
    let start = bytes.slice(..length.min(bytes.len()));
    stream(futures_util::stream::iter([
        Ok(start),
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut on purpose")),
    ]))
}

/// A body that comes byte by byte.
pub(crate) fn drip(bytes: impl Into<Bytes>, pause: Duration) -> Body {
    let bytes: Bytes = bytes.into();
    let parts = futures_util::stream::unfold((bytes, 0), move |(bytes, at)| async move {
        if at >= bytes.len() {
            return None;
        }
        clock::wait(pause).await;
        Some((Ok(bytes.slice(at..=at)), (bytes, at + 1)))
    });
    stream(parts)
}

/// A body that begins like this and never ends.
pub(crate) fn endless(start: &'static str, pause: Duration) -> Body {
    let parts = futures_util::stream::unfold(true, move |first| async move {
        if first {
            return Some((Ok(Bytes::from_static(start.as_bytes())), false));
        }
        clock::wait(pause).await;
        Some((Ok(Bytes::from_static(&BLANKS)), false))
    });
    stream(parts)
}

fn stream(parts: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    BodyExt::boxed_unsync(StreamBody::new(parts.map(|part| part.map(Frame::data))))
}

static BLANKS: [u8; 16 << 10] = [b' '; 16 << 10];

/// Bytes of a request's body. No peer sends more in one request.
const LONGEST: usize = 32 << 20;
