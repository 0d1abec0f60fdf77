//! An adapter that stays: one process for all that its host asks.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::net::TcpStream;

use super::{
    file::{Call, Stays},
    mcp::{Client, Reply},
    process::{End, NotRun, Running, Start},
    template,
};
use crate::{
    trace,
    world::{
        clock::Deadline,
        http::{Http, Limits, Outgoing},
    },
};

#[derive(Debug)]
pub(super) struct Session {
    pub running: Running,
    speaks: Speaks,
}

#[derive(Debug)]
enum Speaks {
    Mcp(Box<Client>),
    Http(Http),
}

impl Session {
    /// Starts it and waits until it answers its host; also what it answered.
    pub(super) async fn start(
        start: &Start,
        stays: Stays,
        port: u16,
        within: Duration,
    ) -> Result<(Self, Value), NotRun> {
        let mut running = start.run(stays == Stays::Mcp).await?;
        let ours = |what: &str| NotRun::Harness(what.to_owned());
        let speaks = match stays {
            Stays::Mcp => {
                let (input, output) = (running.stdin.take(), running.stdout.take());
                let (Some(input), Some(output)) = (input, output) else {
                    return Err(ours("a stream of the adapter's is missing"));
                };
                Speaks::Mcp(Box::new(Client::new(input, output)))
            }
            Stays::Http => {
                let limits = Limits {
                    time: within,
                    ..Limits::default()
                };
                let http = Http::new(&format!("http://127.0.0.1:{port}"), limits);
                Speaks::Http(http.map_err(NotRun::Harness)?)
            }
        };
        let mut session = Self { running, speaks };
        let answer = session.greet(port, within).await?;
        Ok((session, answer))
    }

    async fn greet(&mut self, port: u16, within: Duration) -> Result<Value, NotRun> {
        let Self { running, speaks } = self;
        let greeting = async {
            match speaks {
                Speaks::Mcp(client) => of_reply(client.initialize(within).await, greeted),
                Speaks::Http(_) => listens(port, within).await,
            }
        };
        first(greeting, running).await
    }

    /// A call of a tool.
    pub(super) async fn tool(
        &mut self,
        tool: &str,
        arguments: Map<String, Value>,
        within: Duration,
    ) -> Result<Value, NotRun> {
        let Self { running, speaks } = self;
        let Speaks::Mcp(client) = speaks else {
            return Err(NotRun::Harness("the adapter has no tools".to_owned()));
        };
        let call = async { of_reply(client.call(tool, arguments, within).await, called) };
        first(call, running).await
    }

    pub(super) async fn tools(&mut self, within: Duration) -> Result<Value, NotRun> {
        let Self { running, speaks } = self;
        let Speaks::Mcp(client) = speaks else {
            return Err(NotRun::Harness("the adapter has no tools".to_owned()));
        };
        let listed = |tools: &Value| json!({"failed": false, "how": "result", "tools": tools});
        let call = async { of_reply(client.tools(within).await, listed) };
        first(call, running).await
    }

    /// An HTTP request to the adapter.
    pub(super) async fn http(&mut self, call: &Call, values: &Map<String, Value>) -> Result<Value, NotRun> {
        let Self { running, speaks } = self;
        let Speaks::Http(http) = speaks else {
            return Err(NotRun::Harness("the adapter does not speak HTTP".to_owned()));
        };
        let path = template::json(&call.path.as_str().into(), values);
        let body = template::json(&call.json, values).filter(|body| !body.is_null());
        let outgoing = Outgoing {
            method: call.method.clone(),
            target: path.as_ref().and_then(Value::as_str).unwrap_or(&call.path).to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            authorization: None,
        };
        let send = async { http.send(outgoing).await };
        tokio::select! {
            biased;
            sent = send => Ok(of_exchange(&sent.map_err(NotRun::Harness)?)),
            end = running.ended() => end.map(|_| nothing()),
        }
    }

    /// Closes its standard input and waits for its end.
    pub(super) async fn close(&mut self, within: Duration) -> Result<Option<End>, NotRun> {
        if let Speaks::Mcp(client) = &mut self.speaks {
            client.close();
        }
        self.running.ended_within(within).await
    }

    /// Lines of its protocol stream that are no messages.
    pub(super) fn stray(&self) -> Vec<String> {
        match &self.speaks {
            Speaks::Mcp(client) => client.stray.clone(),
            Speaks::Http(_) => Vec::new(),
        }
    }
}

/// The answer, or none when the process ends before.
async fn first(answer: impl Future<Output = Value>, running: &mut Running) -> Result<Value, NotRun> {
    tokio::select! {
        biased;
        answer = answer => Ok(answer),
        end = running.ended() => end.map(|_| nothing()),
    }
}

/// Whether somebody listens at the port in time.
async fn listens(port: u16, within: Duration) -> Value {
    let deadline = Deadline::after(within);
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if !deadline.another_look(Duration::from_millis(20)).await {
            return nothing();
        }
    }
    json!({"failed": false, "how": "result", "text": ""})
}

/// No answer at all.
pub(super) fn nothing() -> Value {
    json!({"failed": true, "how": "none", "text": ""})
}

fn of_reply(reply: Reply, result: impl FnOnce(&Value) -> Value) -> Value {
    match reply {
        Reply::Result(value) => result(&value),
        Reply::Error(error) => {
            json!({"failed": true, "how": "protocol-error", "text": error["message"], "error": error})
        }
        Reply::Closed | Reply::Late => nothing(),
    }
}

fn greeted(result: &Value) -> Value {
    json!({"failed": false, "how": "result", "text": "", "server": result["serverInfo"]})
}

/// The result of a tool.
fn called(result: &Value) -> Value {
    let failed = result["isError"] == true;
    let parts = result["content"].as_array().into_iter().flatten();
    let text: Vec<&str> = parts.filter_map(|part| part["text"].as_str()).collect();
    let text = text.join("\n");
    let structured = &result["structuredContent"];
    let shown = match structured {
        Value::Null => text.clone(),
        structured => format!("{text}\n{structured}"),
    };
    json!({
        "failed": failed, "how": if failed { "tool-error" } else { "result" }, "text": text, "shown": shown,
        "structured": structured,
    })
}

fn of_exchange(exchange: &trace::Exchange) -> Value {
    match &exchange.answer {
        trace::Answer::Response(response) => {
            let text = response.body.text();
            json!({
                "failed": response.status >= 400, "how": "status", "text": text, "shown": text,
                "status": response.status,
            })
        }
        trace::Answer::None { .. } => nothing(),
    }
}
