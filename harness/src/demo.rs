//! `demo`: two nodes on this machine become peers, and what one is told the other knows.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    drive::Station,
    error::RunError,
    report::curl,
    target::Target,
    trace::Answer,
    world::{
        clock::Deadline,
        http::{Outgoing, percent},
        node::Ground,
    },
};

/// One node of the demonstration.
struct Actor(Station);

/// Plays it, telling each step to `say`. The actors end with the function.
pub async fn demo(ground: &Ground, target: &Target, say: &(dyn Fn(&str) + Sync)) -> Result<(), RunError> {
    let alice = Actor::enter(ground, target, "a").await?;
    let bob = Actor::enter(ground, target, "b").await?;
    for actor in [&alice, &bob] {
        let (_, document) = actor.get("/.well-known/stigmem").await?;
        let node_id = visible(document["node_id"].as_str().unwrap_or_default());
        say(&format!("Node {} is up at {}: {node_id}", actor.name(), actor.url()));
    }
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        let said = one.0.register_at(&other.0, SCOPES).await?;
        say(&format!(
            "\n{} introduces itself to {}, with a signed declaration:\n  $ {}\n  {}",
            one.name(),
            other.name(),
            command(target, one, other),
            visible(said.trim())
        ));
    }

    let role = |value: &str, scope: &str| {
        json!({
            "entity": "stigmem://example.com/user/alice", "relation": "memory:role", "source": "agent:demo", "scope": scope,
            "value": {"type": "string", "v": value},
        })
    };
    let private = alice.assert(&role("on leave", "local"), say).await?;
    let public = alice.assert(&role("CEO", "public"), say).await?;
    let (arrived, took) = bob.await_fact(&public).await?;
    say(&format!(
        "\nb pulled the public fact within {} ms, with its id, its clock and its source, and where it came from:\n  $ {}\n  hlc {}  received_from {}",
        took.as_millis(),
        bob.curl(&format!("/v1/facts/{public}")),
        visible(arrived["hlc"].as_str().unwrap_or_default()),
        visible(arrived["received_from"].as_str().unwrap_or_default()),
    ));
    let (status, _) = bob.get(&format!("/v1/facts/{private}")).await?;
    say(&format!(
        "The local fact, asserted before it, stayed at home: b answers {status} for it."
    ));

    bob.assert(&role("CTO", "public"), say).await?;
    for actor in [&alice, &bob] {
        let took = actor.await_conflict().await?;
        say(&format!(
            "\n{} lists the contradiction (after {} ms):\n  $ {}",
            actor.name(),
            took.as_millis(),
            actor.curl("/v1/conflicts?status=unresolved")
        ));
    }
    say("\nBoth hold both facts, and each has a conflict to settle; nothing was overwritten.");
    Ok(())
}

impl Actor {
    async fn enter(ground: &Ground, target: &Target, name: &str) -> Result<Self, RunError> {
        Ok(Self(Station::enter(ground, target, name, None).await?))
    }

    fn name(&self) -> &str {
        &self.0.name
    }

    fn url(&self) -> &str {
        self.0.url()
    }

    /// Asserts a fact; returns its id.
    async fn assert(&self, body: &Value, say: &(dyn Fn(&str) + Sync)) -> Result<String, RunError> {
        let (status, answer) = self.send("POST", "/v1/facts", Some(body)).await?;
        let id = answer["id"].as_str().filter(|_| status == 201);
        let id =
            id.ok_or_else(|| RunError::TargetGone(format!("{} answered {status} to an assertion", self.name())))?;
        say(&format!(
            "\n{} is told that alice's role is {}, in the scope {}:\n  {status} {}",
            self.name(),
            body["value"]["v"],
            body["scope"],
            visible(id)
        ));
        Ok(percent(id))
    }

    async fn await_fact(&self, id: &str) -> Result<(Value, Duration), RunError> {
        let (started, deadline) = (Instant::now(), Deadline::after(PATIENCE));
        loop {
            let (status, answer) = self.get(&format!("/v1/facts/{id}")).await?;
            if status == 200 {
                return Ok((answer, started.elapsed()));
            }
            self.another_look(deadline, "the fact to arrive").await?;
        }
    }

    async fn await_conflict(&self) -> Result<Duration, RunError> {
        let (started, deadline) = (Instant::now(), Deadline::after(PATIENCE));
        loop {
            let (_, answer) = self.get("/v1/conflicts?status=unresolved").await?;
            if answer["conflicts"]
                .as_array()
                .is_some_and(|conflicts| !conflicts.is_empty())
            {
                return Ok(started.elapsed());
            }
            self.another_look(deadline, "a conflict").await?;
        }
    }

    async fn another_look(&self, deadline: Deadline, what: &str) -> Result<(), RunError> {
        if deadline.another_look(Duration::from_millis(10)).await {
            return Ok(());
        }
        Err(RunError::TargetGone(format!(
            "{} waited {} s for {what}, in vain",
            self.name(),
            PATIENCE.as_secs()
        )))
    }

    async fn get(&self, target: &str) -> Result<(u16, Value), RunError> {
        self.send("GET", target, None).await
    }

    async fn send(&self, method: &str, target: &str, body: Option<&Value>) -> Result<(u16, Value), RunError> {
        let out = Outgoing {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.map(ToString::to_string).unwrap_or_default().into_bytes(),
            authorization: Some((format!("Bearer {}", self.0.key.raw), String::new())),
        };
        match self.0.place.http.send(out).await.map_err(RunError::Harness)?.answer {
            Answer::Response(response) => Ok((response.status, response.body.json().unwrap_or_default())),
            Answer::None { message, .. } => Err(RunError::TargetGone(format!("{}: {message}", self.name()))),
        }
    }

    fn curl(&self, target: &str) -> String {
        format!("curl -s '{}{target}' -H \"Authorization: Bearer $KEY\"", self.url())
    }
}

fn command(target: &Target, one: &Actor, other: &Actor) -> String {
    let template = target
        .federation
        .as_ref()
        .map(|federation| federation.register.join(" "));
    let filled = template.unwrap_or_default().replace("{self} ", "");
    [
        ("{local}", one.url()),
        ("{remote}", other.url()),
        ("{scopes}", SCOPES),
        ("{key}", "$KEY"),
    ]
    .into_iter()
    .fold(filled, |text, (name, value)| text.replace(name, value))
}

fn visible(text: &str) -> String {
    curl::visible(text, SHOWN)
}

const SCOPES: &str = "company,public";
/// Longer than any pull interval that a target file has a reason for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters of what a node said that are shown.
const SHOWN: usize = 400;
