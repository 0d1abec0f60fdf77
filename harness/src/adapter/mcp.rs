//! A client of the Model Context Protocol over standard input and output, with limits: JSON-RPC 2.0, one message a line.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    process::{ChildStdin, ChildStdout},
    time::timeout,
};

use crate::judge::wrong::cut;

#[derive(Debug)]
pub(super) struct Client<I = ChildStdin, O = ChildStdout> {
    /// Absent once it was closed.
    input: Option<I>,
    output: BufReader<O>,
    /// The line that is being read.
    line: Vec<u8>,
    /// The rest of a line that is too long to be read.
    skipping: bool,
    last_id: u64,
    /// Lines that are no messages.
    pub stray: Vec<String>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reply {
    Result(Value),
    /// An error of the protocol.
    Error(Value),
    /// The streams are closed.
    Closed,
    /// Nothing within the time.
    Late,
}

/// A line of the server's.
#[derive(Debug, PartialEq)]
enum Message {
    Reply(Reply),
    /// A request of the server's, with its id.
    Request(Value, String),
    /// A notification, or a reply to what nobody waits for any more.
    Other,
    Stray,
}

impl<I: AsyncWrite + Unpin, O: AsyncRead + Unpin> Client<I, O> {
    pub(super) fn new(input: I, output: O) -> Self {
        Self {
            input: Some(input),
            output: BufReader::new(output),
            line: Vec::new(),
            skipping: false,
            last_id: 0,
            stray: Vec::new(),
        }
    }

    /// The first request, and the notification that follows.
    pub(super) async fn initialize(&mut self, within: Duration) -> Reply {
        let parameters = json!({
            "protocolVersion": VERSION,
            "capabilities": {},
            "clientInfo": {"name": "stigmem-conformance", "version": env!("CARGO_PKG_VERSION")},
        });
        let reply = self.request("initialize", parameters, within).await;
        if matches!(reply, Reply::Result(_)) {
            let notice = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            let _ = timeout(within, self.send(&notice)).await;
        }
        reply
    }

    /// All tools, over all pages of the list.
    pub(super) async fn tools(&mut self, within: Duration) -> Reply {
        let mut tools = Vec::new();
        let mut parameters = json!({});
        for _ in 0..MAX_PAGES {
            let page = match self.request("tools/list", parameters, within).await {
                Reply::Result(page) => page,
                other => return other,
            };
            tools.extend(page["tools"].as_array().cloned().unwrap_or_default());
            match page.get("nextCursor").filter(|cursor| cursor.is_string()) {
                Some(cursor) => parameters = json!({"cursor": cursor}),
                None => break,
            }
        }
        Reply::Result(tools.into())
    }

    pub(super) async fn call(&mut self, tool: &str, arguments: Map<String, Value>, within: Duration) -> Reply {
        let parameters = json!({"name": tool, "arguments": arguments});
        self.request("tools/call", parameters, within).await
    }

    /// Closes the server's input.
    pub(super) fn close(&mut self) {
        self.input = None;
    }

    async fn request(&mut self, method: &str, parameters: Value, within: Duration) -> Reply {
        self.last_id += 1;
        let request = json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": parameters});
        let exchange = async {
            if self.send(&request).await.is_err() {
                return Reply::Closed;
            }
            loop {
                let Some(line) = self.next_line().await else {
                    return Reply::Closed;
                };
                match self.read(&line) {
                    Message::Reply(reply) => return reply,
                    Message::Request(id, method) => {
                        if self.send(&answer(&id, &method)).await.is_err() {
                            return Reply::Closed;
                        }
                    }
                    Message::Other => {}
                    Message::Stray => self.keep_stray(&line),
                }
            }
        };
        timeout(within, exchange).await.unwrap_or(Reply::Late)
    }

    async fn send(&mut self, message: &Value) -> std::io::Result<()> {
        let input = self.input.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        let mut line = message.to_string();
        line.push('\n');
        input.write_all(line.as_bytes()).await?;
        input.flush().await
    }

    /// The next line that is not blank; `None` at the end. May be dropped at any time without losing anything.
    async fn next_line(&mut self) -> Option<Vec<u8>> {
        loop {
            let read = self.output.fill_buf().await.ok().filter(|read| !read.is_empty());
            let Some(read) = read else {
                let last = std::mem::take(&mut self.line);
                return Some(last).filter(|line| !is_blank(line));
            };
            let end = read.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(read.len(), |end| end + 1);
            let part = &read[..end.unwrap_or(read.len())];
            if self.line.len() + part.len() > LONGEST_LINE {
                self.skipping = true;
            } else if !self.skipping {
                self.line.extend_from_slice(part);
            }
            self.output.consume(used);
            if end.is_none() {
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if std::mem::take(&mut self.skipping) || !is_blank(&line) {
                return Some(line);
            }
        }
    }

    fn read(&self, line: &[u8]) -> Message {
        let Ok(Value::Object(message)) = serde_json::from_slice(line) else {
            return Message::Stray;
        };
        if message.get("jsonrpc") != Some(&"2.0".into()) {
            return Message::Stray;
        }
        let id = message.get("id").filter(|id| !id.is_null());
        if let Some(method) = message.get("method").and_then(Value::as_str) {
            return match id {
                Some(id) => Message::Request(id.clone(), method.to_owned()),
                None => Message::Other,
            };
        }
        let reply = match (message.get("result"), message.get("error")) {
            (Some(result), None) => Reply::Result(result.clone()),
            (None, Some(error)) => Reply::Error(error.clone()),
            _ => return Message::Stray,
        };
        match id == Some(&self.last_id.into()) {
            true => Message::Reply(reply),
            false => Message::Other,
        }
    }

    fn keep_stray(&mut self, line: &[u8]) {
        if self.stray.len() < MAX_STRAY {
            self.stray.push(cut(String::from_utf8_lossy(line).into_owned()));
        }
    }
}

/// What a client without any capability answers to its server.
fn answer(id: &Value, method: &str) -> Value {
    match method {
        "ping" => json!({"jsonrpc": "2.0", "id": id, "result": {}}),
        _ => json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "Method not found"}}),
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

/// Servers answer with the version that they speak.
const VERSION: &str = "2025-06-18";

/// Bytes of a message.
const LONGEST_LINE: usize = 8 << 20;

const MAX_STRAY: usize = 20;

/// More pages than this is a list without end.
const MAX_PAGES: usize = 50;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    /// A client, and the server's ends of its streams.
    fn client() -> (Client<DuplexStream, DuplexStream>, DuplexStream, DuplexStream) {
        let (input, heard) = duplex(1 << 16);
        let (said, output) = duplex(1 << 16);
        (Client::new(input, output), heard, said)
    }

    /// What comes of a request when the server has said this.
    async fn replied(said_before: &[u8]) -> (Reply, Vec<String>, String) {
        let (mut client, mut heard, mut said) = client();
        said.write_all(said_before).await.unwrap();
        drop(said);
        let reply = client.call("t", Map::new(), SOON).await;
        client.close();
        let mut text = String::new();
        heard.read_to_string(&mut text).await.unwrap();
        (reply, client.stray, text)
    }

    #[tokio::test]
    async fn a_reply_is_found_among_other_messages() {
        let said = concat!(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}\n\n",
            "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"isError\":true}}\n",
        );
        let (reply, stray, heard) = replied(said.as_bytes()).await;
        assert_eq!(reply, Reply::Result(json!({"isError": true})));
        assert_eq!(stray, Vec::<String>::new());
        let lines: Vec<Value> = heard.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["method"], "tools/call");
        assert_eq!((&lines[1]["id"], &lines[1]["result"]), (&json!("p"), &json!({})));
        assert_eq!(lines[2]["error"]["code"], -32601);
    }

    #[tokio::test]
    async fn what_is_no_message_is_kept_and_passed_over() {
        let said = "hello\n[]\n{\"id\":1}\n{\"jsonrpc\":\"2.0\",\"id\":1}\n{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}}\n";
        let (reply, stray, _) = replied(said.as_bytes()).await;
        assert_eq!(reply, Reply::Error(json!({"code": 1})));
        assert_eq!(stray.len(), 4);
        assert_eq!(stray[0], "hello");
    }

    #[tokio::test]
    async fn a_server_that_leaves_or_says_nothing_is_told_apart() {
        assert_eq!(replied(b"").await.0, Reply::Closed);
        assert_eq!(replied(b"{\"jsonrpc\":\"2.0\",\"id\":1,").await.0, Reply::Closed);
        let (mut client, _heard, _said) = client();
        let late = client.call("t", Map::new(), Duration::from_millis(20)).await;
        assert_eq!(late, Reply::Late);
    }

    #[tokio::test]
    async fn a_line_without_end_is_not_kept_in_memory() {
        let (mut client, _heard, mut said) = client();
        let server = async move {
            let part = vec![b'x'; 1 << 16];
            for _ in 0..=LONGEST_LINE / part.len() {
                said.write_all(&part).await.unwrap();
            }
            said.write_all(b"\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":5}\n")
                .await
                .unwrap();
            said
        };
        let (reply, _said) = tokio::join!(client.call("t", Map::new(), SOON), server);
        assert_eq!(reply, Reply::Result(json!(5)));
        assert_eq!(client.stray.len(), 1);
        assert!(client.stray[0].len() < 1000 && client.line.capacity() <= 2 * LONGEST_LINE);
    }
}
