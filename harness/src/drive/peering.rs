//! The steps of federation: declarations, tokens, what our peers serve and were asked, and the network.

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    case::{Run, Stop},
    constellation::{Constellation, Member},
    request::{self, Ready},
};
use crate::{
    body,
    protocol::{
        cid::{self, Content},
        instant, peering, uri,
    },
    seed::Draw,
    target::Approve,
    trace::{Answer, Event, StepRecord},
    vectors::{
        Case, Credential, Edit, KeyWish,
        step::Verb,
        world::{Fault, LinkOrder, LinkState, Serve, TokenWish},
    },
    world::{clock, link::Rule, peer::Peer},
};

/// What is drawn for a case's peers, one after the other.
#[derive(Debug)]
pub(super) struct Minting {
    draw: Draw,
    facts: usize,
    /// Tokens that the case names.
    tokens: BTreeMap<String, String>,
}

impl Minting {
    pub(super) fn new(seed: u64, case: &Case) -> Self {
        Self {
            draw: Draw::new(seed, &format!("{}/peers", case.id)),
            facts: 0,
            tokens: BTreeMap::new(),
        }
    }

    fn fact(&mut self) -> (String, usize) {
        self.facts += 1;
        (self.draw.uuid(), self.facts)
    }
}

impl Run<'_> {
    fn minting(&self) -> MutexGuard<'_, Minting> {
        self.minting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The steps that need a world.
    pub(super) async fn peering(&mut self, verb: &Verb, done: &mut StepRecord) -> Result<(), Stop> {
        match verb {
            Verb::Register {
                peer,
                with,
                then,
                malleated,
            } => {
                let declaration = self.declaration(peer, with, then, *malleated)?;
                self.register(&declaration, done).await
            }
            Verb::Federate {
                nodes: [one, other],
                scopes,
            } => {
                self.introduce(one, other, scopes, done).await?;
                self.introduce(other, one, scopes, done).await
            }
            Verb::Forge(wish) => {
                let made = self.forge(wish)?;
                done.events.push(Event::Made(made));
                Ok(())
            }
            Verb::Serve(serve) => self.serve(serve, done),
            Verb::Log(name) => {
                let key = self.member().and_then(|member| member.key.clone());
                let asked = self.peer(name)?.log();
                done.events.push(Event::Log { asked, key });
                Ok(())
            }
            Verb::Link(order) => self.link(order, done),
            other => Err(Stop::Harness(format!("{} is no step of federation", other.name()))),
        }
    }

    fn world(&self) -> Result<&Constellation, Stop> {
        self.world
            .ok_or_else(|| Stop::Harness("the case has no `world`".to_owned()))
    }

    fn peer(&self, name: &str) -> Result<&Peer, Stop> {
        let peer = self.world()?.peers.get(name);
        peer.ok_or_else(|| Stop::Harness(format!("the case's world has no peer {name:?}")))
    }

    fn node(&self, name: &str) -> Result<&Member, Stop> {
        let member = self.world()?.member(name);
        member.ok_or_else(|| Stop::Harness(format!("the case's world has no node {name:?}")))
    }

    fn member(&self) -> Option<&Member> {
        self.world?.member(&self.place.label)
    }

    /// A declaration of a peer's, signed now.
    fn declaration(&self, name: &str, with: &Edit, then: &Edit, malleated: bool) -> Result<Value, Stop> {
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

    async fn register(&mut self, declaration: &Value, done: &mut StepRecord) -> Result<(), Stop> {
        let ready = Ready {
            document: request::post("/v1/federation/peers", declaration),
            credential: Credential::Ordinary,
        };
        self.send_as(&ready, &federate(), done).await?;
        self.approve(done).await
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

    /// Registers the node `one` at the node `other`, by the means of its own target.
    async fn introduce(
        &mut self,
        one: &str,
        other: &str,
        scopes: &[String],
        done: &mut StepRecord,
    ) -> Result<(), Stop> {
        let (member, at) = (self.node(one)?, self.node(other)?);
        let (place, host) = (Arc::clone(&member.place), Arc::clone(&at.place));
        let key = host
            .key(&federate(), "agent:federation", "federation")
            .await
            .map_err(Stop::Missing)?;
        let more = [
            ("local", member.url().to_owned()),
            ("remote", at.url().to_owned()),
            ("scopes", scopes.join(",")),
            ("key", key.raw),
        ];
        let (remote, public) = (other.to_owned(), member.key.clone().unwrap_or_default());
        let node_id = member.node_id.clone();
        let mut ran = place.run_register(&more).await.map_err(Stop::Missing)?;
        if let Event::Ran { well, .. } = &mut ran
            && !*well
        {
            *well = self.approve_node(&remote, &node_id, &public, done).await?;
        }
        done.events.push(ran);
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

    fn serve(&self, serve: &Serve, done: &mut StepRecord) -> Result<(), Stop> {
        let peer = self.peer(&serve.peer)?;
        peer.publish(|document| {
            for (pointer, value) in &serve.discovery {
                let value = self.bindings.fill_value(value).map_err(|unbound| unbound.to_string())?;
                request::set(document, pointer, value)?;
            }
            Ok(())
        })
        .map_err(Stop::Harness)?;
        if let Some(fault) = &serve.discovery_fault {
            peer.discovery_fault(Some(fault.clone()).filter(|fault| *fault != Fault::default()));
        }
        for page in &serve.pages {
            let mut page = page.clone();
            page.facts = self.fill(&page.facts)?;
            peer.serve(page);
        }
        done.events.push(Event::Set);
        Ok(())
    }

    fn link(&self, order: &LinkOrder, done: &mut StepRecord) -> Result<(), Stop> {
        let world = self.world()?;
        let source = order.from.as_deref().map(|name| {
            let id = world.node_id(name).map(str::to_owned);
            id.ok_or_else(|| Stop::Harness(format!("the case's world has no {name:?}")))
        });
        let source = source.transpose()?;
        let link = self.node(&order.to)?.link.as_ref();
        let link =
            link.ok_or_else(|| Stop::Missing("a node behind a link of ours; this one is attached by URL".to_owned()))?;
        link.order(
            source,
            Rule {
                cut: order.state == LinkState::Cut,
                delay: Duration::from_millis(order.delay_ms),
                duplicate: order.duplicate,
                truncate: order.truncate,
                refuse: order.refuse,
            },
        );
        done.events.push(Event::Set);
        Ok(())
    }

    /// The record of a fact as a publisher sends it, with everything that the case leaves out.
    fn forge(&self, wish: &Map<String, Value>) -> Result<Value, Stop> {
        let now = clock::now_ms();
        let timestamp = instant::format(now).unwrap_or_default().replace('Z', "+00:00");
        let (id, count) = self.minting().fact();
        let mut record = json!({
            "id": id, "source": "agent:publisher", "timestamp": timestamp,
            "hlc": format!("{now:013}.{:03}", count % 1000), "received_from": null, "valid_until": null,
            "confidence": 1.0, "scope": "public",
        });
        let filled = self.fill(&Value::Object(wish.clone()))?;
        for (name, value) in filled.as_object().into_iter().flatten() {
            record[name.as_str()] = value.clone();
        }
        if record.get("cid").is_none() {
            record["cid"] = content_id(&record).map_or(Value::Null, Value::from);
        }
        if let Some(members) = record.as_object_mut() {
            members.retain(|_, value| !body::is_absent(value));
        }
        Ok(record)
    }

    fn fill(&self, value: &Value) -> Result<Value, Stop> {
        let filled = self.bindings.fill_value(value);
        filled.map_err(|unbound| Stop::Harness(unbound.to_string()))
    }

    fn edit(&self, document: &mut Value, edit: &Edit) -> Result<(), Stop> {
        for (pointer, value) in edit {
            request::set(document, pointer, self.fill(value)?).map_err(Stop::Harness)?;
        }
        Ok(())
    }

    /// The Authorization header with a peer's token, and how it is written down.
    pub(super) fn token(&self, wish: &TokenWish) -> Result<(String, String), Stop> {
        let known = wish
            .name
            .as_ref()
            .and_then(|name| self.minting().tokens.get(name).cloned());
        let token = match known {
            Some(token) => token,
            None => self.mint(wish)?,
        };
        if let Some(name) = &wish.name {
            self.minting().tokens.insert(name.clone(), token.clone());
        }
        let claims = peering::claims(&token).unwrap_or_default();
        let wrap = |token: &str| {
            wish.wrapped
                .as_deref()
                .unwrap_or("Bearer {token}")
                .replace("{token}", token)
        };
        let shown = format!(
            "{{token of {}: {claims}}}",
            wish.signed_by.as_ref().unwrap_or(&wish.peer)
        );
        Ok((wrap(&token), wrap(&shown)))
    }

    fn mint(&self, wish: &TokenWish) -> Result<String, Stop> {
        let now = clock::now_ms();
        let audience = match &wish.audience {
            Some(name) => self.world()?.node_id(name),
            None => self.member().map(|member| member.node_id.as_str()),
        };
        let audience = audience.unwrap_or_default().to_owned();
        let nonce = self.minting().draw.uuid();
        let peer = self.peer(&wish.peer)?;
        let scopes = wish.scopes.clone().unwrap_or_else(|| peer.scopes.clone());
        let mut claims = vec![
            ("iss".to_owned(), Value::from(peer.node_id.as_str())),
            ("sub".to_owned(), audience.into()),
            ("iat".to_owned(), now.into()),
            ("exp".to_owned(), (now + TOKEN_LIFE_MS).into()),
            ("nonce".to_owned(), nonce.into()),
            ("scopes".to_owned(), scopes.into()),
        ];
        for (name, value) in &wish.claims {
            let value = claim(name, &self.fill(value)?, now);
            claims.retain(|(known, _)| known != name || !value.is_null());
            match claims.iter_mut().find(|(known, _)| known == name) {
                Some((_, old)) => *old = value,
                None if value.is_null() => {}
                None => claims.push((name.clone(), value)),
            }
        }
        let header = if wish.header.is_empty() {
            peering::HEADER.to_owned()
        } else {
            let mut header = json!({"alg": "EdDSA", "typ": "JWT"});
            for (name, value) in &wish.header {
                header[name.as_str()] = value.clone();
            }
            header.to_string()
        };
        let signer = &self.peer(wish.signed_by.as_ref().unwrap_or(&wish.peer))?.signer;
        let token = peering::token(&header, &claims, signer);
        Ok(match token.rsplit_once('.') {
            Some((signed, signature)) if wish.malleated => format!("{signed}.{}", peering::malleated(signature)),
            _ => token,
        })
    }
}

/// `+31s` at a time claim is that instant in milliseconds, `+1h/s` in seconds; everything else is as it stands.
fn claim(name: &str, value: &Value, now: i64) -> Value {
    let text = value.as_str().filter(|_| matches!(name, "iat" | "nbf" | "exp"));
    let Some(text) = text else { return value.clone() };
    let (text, divisor) = text.strip_suffix("/s").map_or((text, 1), |text| (text, 1000));
    super::case::milliseconds(text).map_or_else(|| value.clone(), |offset| ((now + offset) / divisor).into())
}

/// The content id over a record as it will be sent; `None` where it has none.
fn content_id(record: &Value) -> Option<String> {
    let text = |name: &str| record[name].as_str();
    let literal = body::emit(record["value"].get("v").unwrap_or(&Value::Null)).ok()?;
    let value_type = record["value"]["type"].as_str()?;
    let (entity, source) = (text("entity")?, text("source")?);
    let stored = |name: &str| uri::normalise(name).unwrap_or_else(|_| name.to_owned());
    let content = Content {
        confidence: body::emit(&record["confidence"]).ok()?.parse().ok()?,
        entity: &stored(entity),
        relation: text("relation")?,
        scope: text("scope")?,
        source: &stored(source),
        value_type,
        value_text: &cid::storage_text(value_type, &literal).ok()?,
    };
    Some(cid::cid(&content))
}

fn federate() -> KeyWish {
    KeyWish {
        permissions: ["read", "write", "federate"].map(str::to_owned).into(),
        ..KeyWish::ordinary()
    }
}

const TOKEN_LIFE_MS: i64 = 3_600_000;
