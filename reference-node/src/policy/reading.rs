//! Policies of reading requests: their bodies, heads and connections.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use tokio::net::TcpStream;

use crate::domain::json;

policies! {
    /// Which bytes of a body are read.
    BodyText {
        AsItCame,
        /// Bytes that are no UTF-8 are replaced.
        BadBytesReplaced,
        /// UTF-16 is detected.
        Utf16Detected,
    }

    /// Which content types a body may have.
    ContentTypes {
        JsonAlone,
        /// Any, or none.
        Any,
    }

    /// How a body above the limit is refused.
    LargeBodies {
        AtTheLimit,
        /// As a bad request.
        AsBadRequests,
        /// After it was read to its end.
        AtTheirEnd,
    }

    /// What a body leaves behind that turns out to be unreadable.
    UnreadableBodies {
        LeaveNothing,
        /// The fact that was read until then.
        LeaveTheirBeginning,
    }

    /// When it is looked at whether the caller may assert.
    CallerCheck {
        First,
        /// When the fact is stored.
        AfterStoring,
    }

    /// The answer to a head that is too long.
    LongHeads {
        Refused,
        /// An internal error.
        InternalErrors,
    }

    /// What a `Host` header without a port does.
    HostWithoutPort {
        Nothing,
        /// It ends the process.
        EndsTheNode,
    }

    /// What a connection without a whole request does.
    BrokenConnection {
        Nothing,
        /// It ends the process.
        EndsTheNode,
    }

    /// What the first bytes of a connection do.
    FirstBytes {
        AreRead,
        /// A blank line, or a line that ends without a carriage return, ends the process.
        OddLinesEndTheNode,
        /// A head with a length and chunks ends the process.
        TwoLengthsEndTheNode,
        /// A target that is no path ends the process.
        OddTargetsEndTheNode,
        /// It ends the process when there are none for a tenth of a second.
        SilenceEndsTheNode,
    }

    /// How many connections are served at a time.
    ConnectionSlots {
        AsSet,
        /// Sixty-four.
        SixtyFour,
    }
}

impl BodyText {
    pub(crate) fn of(self, bytes: Bytes) -> Bytes {
        match self {
            Self::BadBytesReplaced => String::from_utf8_lossy(&bytes).into_owned().into(),
            Self::Utf16Detected if bytes.first() == Some(&0) => utf16(&bytes, u16::from_be_bytes),
            Self::Utf16Detected if bytes.get(1) == Some(&0) => utf16(&bytes, u16::from_le_bytes),
            Self::AsItCame | Self::Utf16Detected => bytes,
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Bytes {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units).into()
}

impl UnreadableBodies {
    /// The text of the members that were read before the body turned out to be unreadable.
    pub(crate) fn beginning(self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self == Self::LeaveNothing {
            return None;
        }
        let read = &bytes[..json::read(bytes).err()?.at];
        let comma = read.iter().rposition(|&byte| byte == b',').unwrap_or(0);
        let closed = |text: &[u8]| [text, b"}"].concat();
        let texts = [read.to_vec(), closed(read), closed(&read[..comma])];
        texts.into_iter().find(|text| json::read(text).is_ok())
    }
}

impl LongHeads {
    pub(crate) fn status(self, refused: StatusCode) -> StatusCode {
        match self {
            Self::Refused => refused,
            Self::InternalErrors => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl HostWithoutPort {
    pub(crate) fn look(self, headers: &HeaderMap) {
        let port = || {
            headers
                .get(header::HOST)
                .is_some_and(|host| host.as_bytes().contains(&b':'))
        };
        if self == Self::EndsTheNode && !port() {
            std::process::abort();
        }
    }
}

impl BrokenConnection {
    pub(crate) fn happened(self) {
        if self == Self::EndsTheNode {
            std::process::abort();
        }
    }
}

impl FirstBytes {
    pub(crate) async fn look(self, stream: &TcpStream) {
        if self == Self::AreRead {
            return;
        }
        let mut head = [0; 1024];
        let patience = Duration::from_millis(100);
        let seen = match tokio::time::timeout(patience, stream.peek(&mut head)).await {
            Ok(seen) => seen.unwrap_or(0),
            Err(_) => 0,
        };
        if self.is_bad(&head[..seen]) {
            std::process::abort();
        }
    }

    fn is_bad(self, head: &[u8]) -> bool {
        let head = head.to_ascii_lowercase();
        let has = |name: &[u8]| head.windows(name.len()).any(|part| part == name);
        match self {
            Self::AreRead => false,
            Self::OddLinesEndTheNode => {
                let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
                line.len() < head.len() && (line.len() < 2 || !line.ends_with(b"\r"))
            }
            Self::TwoLengthsEndTheNode => has(b"\r\ncontent-length:") && has(b"\r\ntransfer-encoding:"),
            Self::OddTargetsEndTheNode => {
                let mut words = head.split(|&byte| byte == b' ').skip(1);
                words.next().is_some_and(|target| !target.starts_with(b"/"))
            }
            Self::SilenceEndsTheNode => head.is_empty(),
        }
    }
}

impl ConnectionSlots {
    pub(crate) fn of(self, set: usize) -> usize {
        match self {
            Self::AsSet => set,
            Self::SixtyFour => 64,
        }
    }
}
