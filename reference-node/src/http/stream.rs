//! Answers that may be larger than memory, sent while they are made. A short one is sent whole, with its length.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::App;
use super::errors::ApiError;
use crate::store::Stored;

/// What is still sent whole: this many bytes, made of this many pieces.
const SHORT: usize = 256 << 10;
const FEW: usize = 64;

/// A document in the making.
pub(super) trait Pieces: Send + 'static {
    /// The next piece, which may be empty; nothing after the last.
    fn next(&mut self) -> impl Future<Output = Stored<Option<Vec<u8>>>> + Send;
}

/// A JSON document that is known to begin well. What fails later breaks the connection off, so that nobody takes a part for the
/// whole.
pub(super) async fn json(app: &App, mut pieces: impl Pieces) -> Result<Response, ApiError> {
    let mut text = Vec::new();
    for _ in 0..FEW {
        match pieces.next().await? {
            Some(piece) => text.extend_from_slice(&piece),
            None => return Ok(typed(Body::from(text))),
        }
        if text.len() > SHORT {
            break;
        }
    }
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(pieces, text, sender, app.settings.request_timeout));
    Ok(typed(Body::new(Flow {
        parts: receiver,
        ended: false,
    })))
}

fn typed(body: Body) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Sends piece after piece; a reader who takes none for a while is given up.
async fn send(mut pieces: impl Pieces, first: Vec<u8>, sender: mpsc::Sender<Part>, patience: Duration) {
    let mut text = first;
    loop {
        if !text.is_empty() && !hand_over(&sender, Part::Text(text.into()), patience).await {
            return;
        }
        if sender.is_closed() {
            return;
        }
        text = match pieces.next().await {
            Ok(Some(piece)) => piece,
            Ok(None) => {
                hand_over(&sender, Part::End, patience).await;
                return;
            }
            Err(error) => {
                tracing::error!(%error, "an answer broke off");
                return;
            }
        };
    }
}

async fn hand_over(sender: &mpsc::Sender<Part>, part: Part, patience: Duration) -> bool {
    let sent = tokio::time::timeout(patience, sender.send(part)).await;
    matches!(sent, Ok(Ok(())))
}

/// What goes from the maker of an answer to its sender.
enum Part {
    Text(Bytes),
    End,
}

/// A body whose end has to be said: when the maker is gone before, the answer has broken off.
struct Flow {
    parts: mpsc::Receiver<Part>,
    ended: bool,
}

#[derive(Debug)]
struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer could not be made to its end, or nobody read it")
    }
}

impl std::error::Error for BrokenOff {}

impl HttpBody for Flow {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let part = ready!(self.parts.poll_recv(context));
        self.ended = !matches!(part, Some(Part::Text(_)));
        Poll::Ready(match part {
            Some(Part::Text(text)) => Some(Ok(Frame::data(text))),
            Some(Part::End) => None,
            None => Some(Err(BrokenOff)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn read(parts: Vec<Part>) -> (Vec<u8>, bool) {
        let (sender, receiver) = mpsc::channel(8);
        for part in parts {
            assert!(hand_over(&sender, part, Duration::from_secs(1)).await);
        }
        drop(sender);
        let mut body = Body::new(Flow {
            parts: receiver,
            ended: false,
        });
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) => text.extend_from_slice(&data),
                _ => return (text, false),
            }
        }
        (text, true)
    }

    #[tokio::test]
    async fn only_what_was_said_to_its_end_is_whole() {
        let text = |text: &'static str| Part::Text(Bytes::from_static(text.as_bytes()));
        assert_eq!(
            read(vec![text("a"), text("b"), Part::End]).await,
            (b"ab".to_vec(), true)
        );
        assert_eq!(read(vec![text("a")]).await, (b"a".to_vec(), false));
        assert_eq!(read(vec![]).await, (vec![], false));
    }
}
