//! What a case draws for its peers: the records of facts, and peer tokens.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use serde_json::{Map, Value, json};

use super::{
    case::{Run, Stop},
    constellation::Member,
};
use crate::{
    bindings::Bindings,
    body,
    protocol::{
        cid::{self, Content},
        instant, peering,
    },
    seed::Draw,
    vectors::{Case, world::TokenWish},
    world::clock,
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

    /// The record of a fact as a publisher sends it, with everything that the case leaves out.
    pub(super) fn forge(&self, wish: &Map<String, Value>) -> Result<Value, Stop> {
        self.forge_with(wish, &self.bindings)
    }

    /// The same so many times, `{i}` being the number of each.
    pub(super) fn forge_many(&self, count: usize, wish: &Map<String, Value>) -> Result<Value, Stop> {
        let mut bindings = self.bindings.clone();
        let made = (0..count).map(|i| {
            bindings.set("i", i.into());
            self.forge_with(wish, &bindings)
        });
        let facts = made.collect::<Result<Vec<_>, _>>()?;
        Ok(json!({"facts": facts}))
    }

    fn forge_with(&self, wish: &Map<String, Value>, bindings: &Bindings) -> Result<Value, Stop> {
        let now = clock::now_ms();
        let (id, count) = self.minting().fact();
        let stamp = |at: i64| format!("{at:013}.{:03}", count % 1000);
        let mut record = json!({
            "id": id, "source": "agent:publisher", "timestamp": timestamp(now), "hlc": stamp(now), "received_from": null,
            "valid_until": null, "confidence": 1.0, "scope": "public",
        });
        let filled = bindings.fill_map(wish);
        for (name, value) in filled.map_err(|unbound| Stop::Harness(unbound.to_string()))? {
            // `+1m` is that far from now.
            let distance = value.as_str().and_then(super::case::milliseconds);
            record[name.as_str()] = match (name.as_str(), distance) {
                ("hlc", Some(distance)) => stamp(now + distance).into(),
                ("timestamp", Some(distance)) => timestamp(now + distance).into(),
                _ => value,
            };
        }
        if record.get("cid").is_none() {
            record["cid"] = content_id(&record).map_or(Value::Null, Value::from);
        }
        if let Some(members) = record.as_object_mut() {
            members.retain(|_, value| !body::is_absent(value));
        }
        Ok(record)
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
        let wrapped = wish.wrapped.as_deref().unwrap_or("Bearer {token}");
        let wrapped = self.fill_text(wrapped)?;
        let wrap = |token: &str| wrapped.replace("{token}", token);
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
            None => self.member().map(Member::node_id),
        };
        let audience = audience.unwrap_or_default();
        let nonce = self.minting().draw.uuid();
        let peer = self.peer(&wish.peer)?;
        let scopes = match &wish.scopes {
            Some(scopes) => self.fill(&json!(scopes))?,
            None => json!(peer.scopes),
        };
        let mut claims = vec![
            ("iss".to_owned(), Value::from(peer.node_id.as_str())),
            ("sub".to_owned(), audience.into()),
            ("iat".to_owned(), now.into()),
            ("exp".to_owned(), (now + TOKEN_LIFE_MS).into()),
            ("nonce".to_owned(), nonce.into()),
            ("scopes".to_owned(), scopes),
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
                header[name.as_str()] = self.fill(value)?;
            }
            if let Some(members) = header.as_object_mut() {
                members.retain(|_, value| !value.is_null());
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

/// An instant as published nodes print it.
fn timestamp(at: i64) -> String {
    instant::format(at).unwrap_or_default().replace('Z', "+00:00")
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
    // The members as they are sent: what a receiver would make of a name is not in the hash.
    let (entity, source) = (text("entity")?, text("source")?);
    let content = Content {
        confidence: body::emit(&record["confidence"]).ok()?.parse().ok()?,
        entity,
        relation: text("relation")?,
        scope: text("scope")?,
        source,
        value_type,
        value_text: &cid::storage_text(value_type, &literal).ok()?,
    };
    Some(cid::cid(&content))
}

const TOKEN_LIFE_MS: i64 = 3_600_000;
