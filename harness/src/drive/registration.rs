//! How peers and nodes become peers of each other: declarations, commands, and the consent of a person.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    case::{Run, Stop},
    request::{self, Ready},
};
use crate::{
    protocol::{instant, peering},
    target::Approve,
    trace::{Answer, Event, StepRecord},
    vectors::{
        Credential, Edit, KeyWish,
        world::{CommandName, CommandWish},
    },
    world::clock,
};

impl Run<'_> {
    /// A declaration of a peer's, signed now.
    pub(super) fn declaration(&self, name: &str, with: &Edit, then: &Edit, malleated: bool) -> Result<Value, Stop> {
        let signed_at = instant::format(clock::now_ms()).unwrap_or_default();
        // Whole seconds, as the published command line writes them.
        let signed_at = format!("{}Z", signed_at.get(..19).unwrap_or_default());
        let peer = self.peer(name)?;
        let mut declaration = Value::Object(peer.declaration(&signed_at));
        self.edit(&mut declaration, with)?;
        let signed = declaration.as_object().cloned().unwrap_or_default();
        let signature = peer.signer.sign(peering::declaration_bytes(&signed).as_bytes());
        declaration["declaration_sig"] = if malleated {
            peering::malleated(&signature).into()
        } else {
            signature.into()
        };
        self.edit(&mut declaration, then)?;
        Ok(declaration)
    }

    pub(super) async fn register(
        &mut self,
        declaration: &Value,
        approve: bool,
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let ready = Ready {
            document: request::post("/v1/federation/peers", declaration),
            credential: Credential::Ordinary,
        };
        self.send_as(&ready, &federate(), done).await?;
        if approve { self.approve(done).await } else { Ok(()) }
    }

    /// Approves the peer that the last answer is about, where the target wants that.
    async fn approve(&mut self, done: &mut StepRecord) -> Result<(), Stop> {
        let answer = done.exchanges.last().and_then(|exchange| match &exchange.answer {
            Answer::Response(response) => response.body.json(),
            Answer::None { .. } => None,
        });
        let answer = answer.unwrap_or_default();
        let wanted = self
            .place
            .federation()
            .and_then(|federation| federation.approve.clone());
        let (Some(peer), Some(approve)) = (answer["peer_id"].as_str(), wanted) else {
            return Ok(());
        };
        if answer["status"] != "pending_approval" {
            return Ok(());
        }
        let key = done.exchanges.last().and_then(|exchange| exchange.request.body.json());
        let key = key.unwrap_or_default()["federation_pubkey"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.consent(&approve, peer, &key, done).await
    }

    /// Sends the request that stands for a person's consent to a peer with this key.
    async fn consent(&mut self, approve: &Approve, peer: &str, key: &str, done: &mut StepRecord) -> Result<(), Stop> {
        let ready = Ready {
            document: request::post(
                &approve.path.replace("{peer_id}", peer),
                &json!({"pubkey_fingerprint": peering::fingerprint(key)}),
            ),
            credential: Credential::Ordinary,
        };
        let wish = KeyWish {
            permissions: approve.permissions.clone(),
            ..federate()
        };
        self.send_as(&ready, &wish, done).await
    }

    /// Registers the node `one` at the node `other`, by the means that its target names for that.
    pub(super) async fn introduce(
        &mut self,
        by: CommandName,
        [one, other]: [&str; 2],
        scopes: &[String],
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let command = CommandWish {
            name: by,
            at: Some(other.to_owned()),
            scopes: scopes.to_vec(),
            with: BTreeMap::new(),
            file: None,
        };
        let member = self.node(one)?;
        let (node_id, public) = (member.node_id(), member.key().unwrap_or_default());
        let place = Arc::clone(&member.place);
        let here = std::mem::replace(&mut self.place, place);
        let ran = self.command(&command, done).await;
        self.place = here;
        ran?;
        if let Some(Event::Ran { well: false, .. }) = done.events.last() {
            let approved = self.approve_node(other, &node_id, &public, done).await?;
            if let Some(Event::Ran { well, .. }) = done.events.last_mut() {
                *well = approved;
            }
        }
        Ok(())
    }

    /// Runs a command of the target's beside the step's node.
    pub(super) async fn command(&mut self, wish: &CommandWish, done: &mut StepRecord) -> Result<(), Stop> {
        let mut names = BTreeMap::new();
        if matches!(wish.name, CommandName::Register | CommandName::Introduce) {
            let host = match &wish.at {
                Some(at) => Some(self.node(at)?),
                None => None,
            };
            let local = self.member().map(|member| member.url().to_owned());
            names.insert("local", local.unwrap_or_default());
            names.insert("scopes", wish.scopes.join(","));
            if let Some(host) = host {
                names.insert("remote", host.url().to_owned());
                let key = host.place.key(&federate(), "agent:federation", "federation").await;
                names.insert("key", key.map_err(Stop::Missing)?.raw);
            }
        }
        for (name, value) in &wish.with {
            let known = GIVEN.iter().find(|known| *known == name);
            let known = known.ok_or_else(|| Stop::Harness(format!("a command is not given {name:?}")))?;
            names.insert(known, self.fill_text(value)?);
        }
        let file = match &wish.file {
            None => None,
            Some(Value::String(text)) => Some(match self.fill(&Value::from(text.as_str()))? {
                Value::String(text) => text,
                value => value.to_string(),
            }),
            Some(value) => Some(self.fill(value)?.to_string()),
        };
        let ran = self.place.run_command(wish.name, &names, file).await;
        done.events.push(ran.map_err(Stop::Missing)?);
        Ok(())
    }

    /// Approves a node that waits for it; whether there was anything to approve.
    async fn approve_node(&mut self, at: &str, node_id: &str, key: &str, done: &mut StepRecord) -> Result<bool, Stop> {
        let place = Arc::clone(&self.node(at)?.place);
        let Some(approve) = place.federation().and_then(|federation| federation.approve.clone()) else {
            return Ok(false);
        };
        let here = std::mem::replace(&mut self.place, place);
        let list = Ready {
            document: json!({"method": "GET", "path": "/v1/federation/peers"}),
            credential: Credential::Ordinary,
        };
        let asked = self.send_as(&list, &federate(), done).await;
        let peers = done.exchanges.last().and_then(|exchange| match &exchange.answer {
            Answer::Response(response) => response.body.json(),
            Answer::None { .. } => None,
        });
        let peers = peers.unwrap_or_default();
        let found = peers["peers"].as_array().into_iter().flatten();
        let found = found.filter(|peer| peer["node_id"] == node_id && peer["status"] == "pending_approval");
        let id = found
            .filter_map(|peer| peer["peer_id"].as_str())
            .next_back()
            .map(str::to_owned);
        let outcome = match (asked, id) {
            (Err(stop), _) => Err(stop),
            (Ok(()), None) => Ok(false),
            (Ok(()), Some(id)) => self.consent(&approve, &id, key, done).await.map(|()| true),
        };
        self.place = here;
        outcome
    }
}

/// What a command can be given.
const GIVEN: [&str; 4] = ["local", "remote", "scopes", "key"];

fn federate() -> KeyWish {
    KeyWish {
        permissions: ["read", "write", "federate"].map(str::to_owned).into(),
        ..KeyWish::ordinary()
    }
}
