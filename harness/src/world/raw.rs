//! Bytes on a socket of our own, for requests that no HTTP client would send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{trace::Event, vectors::step::Then};

/// Sends bytes, reads the answer for at most `within`, and says what was seen.
pub async fn send(address: &str, bytes: &[u8], then: Then, within: Duration) -> Event {
    let mut seen = Seen::default();
    // The time limit covers writing too: a node may stop reading.
    let _ = tokio::time::timeout(within, seen.talk(address, bytes, then)).await;
    let start = String::from_utf8_lossy(&seen.answer[..seen.answer.len().min(400)]).into_owned();
    Event::Raw {
        sent: seen.sent,
        status: status_of(&start),
        closed: seen.closed,
        start,
    }
}

/// Opens a connection, sends bytes and keeps it open; `None` when the node does not take it.
pub async fn hold(address: &str, bytes: &[u8]) -> Option<TcpStream> {
    let opening = async {
        let mut socket = TcpStream::connect(address).await.ok()?;
        socket.write_all(bytes).await.ok()?;
        Some(socket)
    };
    tokio::time::timeout(Duration::from_secs(5), opening)
        .await
        .ok()
        .flatten()
}

#[derive(Default)]
struct Seen {
    sent: usize,
    answer: Vec<u8>,
    closed: bool,
}

impl Seen {
    async fn talk(&mut self, address: &str, bytes: &[u8], then: Then) -> std::io::Result<()> {
        let (mut read, mut write) = TcpStream::connect(address).await?.into_split();
        let sent = &mut self.sent;
        let writing = async {
            // A node that refuses early may close while we still write: that is its right, so read on.
            for chunk in bytes.chunks(16 << 10) {
                if write.write_all(chunk).await.is_err() {
                    return write;
                }
                *sent += chunk.len();
            }
            if then == Then::Close {
                let _ = write.shutdown().await;
            }
            write
        };
        let (answer, closed) = (&mut self.answer, &mut self.closed);
        let reading = async {
            let mut buffer = [0; 4096];
            loop {
                match read.read(&mut buffer).await {
                    Ok(0) | Err(_) => {
                        *closed = true;
                        return;
                    }
                    Ok(n) if answer.len() < MAX_ANSWER => answer.extend_from_slice(&buffer[..n]),
                    Ok(_) => {}
                }
                if then == Then::Wait && status_of(&String::from_utf8_lossy(answer)).is_some() {
                    return;
                }
            }
        };
        // The write half stays open until the answer is there: closing it would be a half-close.
        let writing = async {
            let _open = writing.await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = reading => {}
            () = writing => {}
        }
        Ok(())
    }
}

/// The status code of a complete status line.
fn status_of(text: &str) -> Option<u16> {
    let (line, _) = text.split_once("\r\n")?;
    line.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()
}

const MAX_ANSWER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::status_of;

    #[test]
    fn only_a_complete_status_line_counts() {
        assert_eq!(status_of("HTTP/1.1 400 Bad Request\r\n"), Some(400));
        assert_eq!(status_of("HTTP/1.0 200 \r\nx"), Some(200));
        for text in ["HTTP/1.1 400", "SSH-2.0\r\n", "HTTP/1.1 4\r\n", ""] {
            assert_eq!(status_of(text), None, "{text}");
        }
    }
}
