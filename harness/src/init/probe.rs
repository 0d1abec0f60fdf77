//! Single GET requests with a limit on their number, and what silence means.

use crate::{
    error::RunError,
    trace::{Answer, Response, Silence},
    world::{
        http::{Http, Limits, Outgoing},
        keys::Key,
    },
};

use super::one_line;

/// Counts what it sends.
#[derive(Debug)]
pub(super) struct Probe {
    limits: Limits,
    sent: usize,
}

impl Probe {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits: Limits {
                body: limits.body.min(MAX_BODY),
                ..limits
            },
            sent: 0,
        }
    }

    pub(super) fn sent(&self) -> usize {
        self.sent
    }

    /// `None` when the node got as many requests as it shall get.
    pub(super) async fn get(
        &mut self,
        base: &str,
        path: &str,
        key: Option<&Key>,
    ) -> Result<Option<Response>, RunError> {
        if self.sent == MAX_REQUESTS {
            return Ok(None);
        }
        self.sent += 1;
        let http = Http::new(base, self.limits).map_err(RunError::Harness)?;
        let request = Outgoing {
            method: "GET".to_owned(),
            target: path.to_owned(),
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            authorization: key.map(|key| (format!("Bearer {}", key.raw), format!("Bearer {}", key.shown))),
            ..Outgoing::default()
        };
        match http.send(request).await.map_err(RunError::Harness)?.answer {
            Answer::Response(response) => Ok(Some(response)),
            Answer::None { kind, message } => Err(RunError::TargetGone(silence(base, path, kind, &message))),
        }
    }
}

/// Each way to be silent has its own message, with what to do.
fn silence(base: &str, path: &str, kind: Silence, message: &str) -> String {
    let (base, message, low) = (one_line(base, 200), one_line(message, 300), message.to_lowercase());
    let secure = base.starts_with("https:");
    if secure && (low.contains("certificate") || low.contains("unknownissuer")) {
        return format!(
            "{base}: its TLS certificate is not trusted ({message}). The kit trusts what this system trusts: for a certificate of your \
             own, set SSL_CERT_FILE to a PEM file with the authority that signed it"
        );
    }
    if secure
        && (low.contains("corrupt message")
            || low.contains("tls")
            || low.contains("handshake")
            || low.contains("alert"))
    {
        return format!(
            "{base}: TLS fails ({message}). If the node speaks plain HTTP there, give the URL with http://"
        );
    }
    if low.contains("lookup") || low.contains("resolve") || low.contains("name or service") {
        return format!("{base}: the host name is not known ({message}). Look at the spelling of the URL");
    }
    match kind {
        Silence::Refused => {
            format!("{base}: nothing listens there ({message}). Start the node, or look at host and port")
        }
        Silence::TimedOut => format!("{base}{path}: {message}. A firewall, or a node that hangs"),
        Silence::Closed => {
            format!(
                "{base}{path}: the connection was closed without an answer ({message}). If the port speaks TLS, give the URL with https://"
            )
        }
        Silence::Unreadable => {
            format!(
                "{base}{path}: what answers there does not speak HTTP ({message}). If the port speaks TLS, give the URL with https://"
            )
        }
    }
}

/// A node that is in use shall not notice us.
pub(super) const MAX_REQUESTS: usize = 10;
const MAX_BODY: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_silence_says_what_to_do() {
        let cases = [
            (
                "https://n",
                Silence::Refused,
                "invalid peer certificate: UnknownIssuer",
                "not trusted",
            ),
            (
                "https://n",
                Silence::Refused,
                "received corrupt message of type InvalidContentType",
                "with http://",
            ),
            (
                "http://n",
                Silence::Refused,
                "Connection refused (os error 111)",
                "nothing listens there",
            ),
            (
                "http://n",
                Silence::Refused,
                "failed to lookup address information: Name or service not known",
                "host name is not known",
            ),
            ("http://n", Silence::TimedOut, "no complete answer within 10 s", "hangs"),
            (
                "http://n",
                Silence::Closed,
                "connection closed before message completed",
                "with https://",
            ),
            (
                "http://n",
                Silence::Unreadable,
                "invalid HTTP version parsed",
                "does not speak HTTP",
            ),
        ];
        for (base, kind, message, said) in cases {
            let text = silence(base, "/x", kind, message);
            assert!(text.contains(said) && text.contains(message), "{text}");
        }
        assert!(!silence("http://n", "/", Silence::Closed, "\u{1b}[2J\nx").contains(['\u{1b}', '\n']));
    }
}
