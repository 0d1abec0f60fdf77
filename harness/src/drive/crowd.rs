//! Steps with many requests: in a row, at once, and with a crash in the middle.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    case::{Run, Stop},
    request::{self, Ready},
};
use crate::{
    trace::{Answer, Event, Exchange, StepRecord},
    vectors::{Credential, step::RequestTemplate},
    world::{clock::Deadline, http::percent},
};

impl Run<'_> {
    pub(super) async fn assert_many(
        &mut self,
        count: usize,
        body: &Value,
        credential: &Credential,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        for i in 0..count {
            let ready = self.numbered(i, body, credential)?;
            self.send(&ready, None, done).await?;
        }
        Ok(())
    }

    pub(super) async fn assert_concurrently(
        &mut self,
        count: usize,
        body: &Value,
        credential: &Credential,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let ready: Vec<Ready> = (0..count)
            .map(|i| self.numbered(i, body, credential))
            .collect::<Result<_, _>>()?;
        self.all_at_once(&ready, done).await
    }

    /// The same request, with the same credential, from several connections.
    pub(super) async fn at_once(
        &mut self,
        count: usize,
        template: &RequestTemplate,
        credential: &Credential,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let document = self.bindings.fill_value(&request::of_template(template));
        let ready = Ready {
            document: document.map_err(|unbound| Stop::Harness(unbound.to_string()))?,
            credential: credential.clone(),
        };
        self.all_at_once(&vec![ready; count], done).await
    }

    pub(super) async fn all_at_once(&mut self, ready: &[Ready], done: &mut StepRecord) -> Result<(), Stop> {
        let mut outs = Vec::new();
        for ready in ready {
            outs.push(self.outgoing(ready).await?);
        }
        let answers = join_all(outs.into_iter().map(|out| self.place.http.send(out))).await;
        let exchanges = answers
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .map_err(Stop::Harness)?;
        let silent = exchanges
            .iter()
            .any(|exchange| matches!(exchange.answer, Answer::None { .. }));
        self.keep(exchanges, done);
        if silent && let Some(gone) = self.place.is_gone().await {
            return Err(Stop::Gone(gone));
        }
        Ok(())
    }

    /// Writes from several clients until enough were acknowledged, kills the node under them, starts it again, reads all back.
    pub(super) async fn kill_during_writes(
        &mut self,
        clients: usize,
        kill_after: usize,
        body: &Value,
        credential: &Credential,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let (next, acknowledged, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
        // Enough for the writes that the crash cuts off; a node that acknowledges nothing ends the loop here.
        let limit = kill_after * 3 + clients * 50;
        let this = &*self;
        let client = || async {
            let mut sent: Vec<Exchange> = Vec::new();
            loop {
                let i = next.fetch_add(1, Ordering::Relaxed);
                if over.load(Ordering::Relaxed) || i >= limit {
                    return Ok(sent);
                }
                let ready = this.numbered(i, body, credential)?;
                let exchange = this
                    .place
                    .http
                    .send(this.outgoing(&ready).await?)
                    .await
                    .map_err(Stop::Harness)?;
                if matches!(&exchange.answer, Answer::Response(response) if (200..300).contains(&response.status)) {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                let failed = matches!(exchange.answer, Answer::None { .. });
                sent.push(exchange);
                if failed {
                    return Ok(sent);
                }
            }
        };
        let killer = async {
            let deadline = Deadline::after(Duration::from_secs(60));
            while acknowledged.load(Ordering::Relaxed) < kill_after && next.load(Ordering::Relaxed) < limit {
                if !deadline.another_look(Duration::from_millis(1)).await {
                    break;
                }
            }
            let killed = this.place.end_node(false).await;
            over.store(true, Ordering::Relaxed);
            killed
        };
        let (written, killed) = tokio::join!(join_all((0..clients).map(|_| client())), killer);
        killed.map_err(Stop::Gone)?;
        let written = written
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect();
        self.keep(written, done);
        done.events.push(Event::Killed);
        done.events.push(Event::Boundary(done.exchanges.len()));
        self.place.start_node().await.map_err(Stop::Gone)?;
        done.events.push(Event::Started);
        self.read_back(body, credential, done).await
    }

    /// One read for each acknowledged fact, then one more write.
    async fn read_back(&mut self, body: &Value, credential: &Credential, done: &mut StepRecord) -> Result<(), Stop> {
        let ids: Vec<String> = done
            .exchanges
            .iter()
            .filter_map(|exchange| match &exchange.answer {
                Answer::Response(response) if (200..300).contains(&response.status) => {
                    response.body.json()?["id"].as_str().map(str::to_owned)
                }
                _ => None,
            })
            .collect();
        for id in ids {
            let document = json!({"method": "GET", "path": format!("/v1/facts/{}", percent(&id))});
            self.send(
                &Ready {
                    document,
                    credential: credential.clone(),
                },
                None,
                done,
            )
            .await?;
        }
        let ready = self.numbered(usize::MAX >> 12, body, credential)?;
        self.send(&ready, None, done).await
    }

    /// The assertion with this number.
    fn numbered(&self, i: usize, body: &Value, credential: &Credential) -> Result<Ready, Stop> {
        let mut bindings = self.bindings.clone();
        bindings.set("i", i.into());
        let document = json!({
            "method": "POST", "path": "/v1/facts", "headers": {"content-type": "application/json"}, "json": request::with_source(body),
        });
        let document = bindings
            .fill_value(&document)
            .map_err(|unbound| Stop::Harness(unbound.to_string()))?;
        Ok(Ready {
            document,
            credential: credential.clone(),
        })
    }

    fn keep(&mut self, exchanges: Vec<Exchange>, done: &mut StepRecord) {
        for mut exchange in exchanges {
            self.exchanges += 1;
            exchange.n = self.exchanges;
            done.exchanges.push(exchange);
        }
    }
}
