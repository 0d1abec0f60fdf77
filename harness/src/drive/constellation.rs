//! Several nodes that talk to each other, each behind a link of ours, and the peers that we play.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::try_join_all;
use serde_json::{Map, Value, json};

use super::{Setting, place::Place};
use crate::{
    protocol::peering::Signer,
    seed::Draw,
    target::{self, Target},
    trace::{Answer, Gone},
    vectors::{Case, WorldWish},
    world::{
        http::{Http, Outgoing},
        link::Link,
        node::{Ground, Node, gone},
        peer::Peer,
    },
};

#[derive(Debug)]
pub(super) struct Constellation {
    members: BTreeMap<String, Member>,
    first: String,
    pub(super) peers: BTreeMap<String, Peer>,
}

/// A node, as the others see it.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) place: Arc<Place>,
    /// Absent for a node that is attached by URL.
    pub(super) link: Option<Link>,
    /// What it publishes.
    pub(super) node_id: String,
    pub(super) key: Option<String>,
}

impl Constellation {
    /// Starts the nodes and peers of a case.
    pub(super) async fn start(setting: &Setting, case: &Case, folder: &str, seed: u64) -> Result<Self, Gone> {
        let wish = case.world.clone().unwrap_or_default();
        let launching = wish.nodes.iter().map(|name| {
            let target = setting.named.get(name).unwrap_or(&setting.target);
            member(&setting.ground, target, name, format!("{folder}-{name}"))
        });
        let members = try_join_all(launching).await?;
        Ok(Self {
            members: wish.nodes.iter().cloned().zip(members).collect(),
            first: wish.nodes.first().cloned().unwrap_or_default(),
            peers: peers(&wish, case, seed).await.map_err(gone)?,
        })
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.get(name)
    }

    pub(super) fn first(&self) -> &Arc<Place> {
        &self.members[&self.first].place
    }

    /// The id of a node or a peer.
    pub(super) fn node_id(&self, name: &str) -> Option<&str> {
        let peer = || self.peers.get(name).map(|peer| peer.node_id.as_str());
        self.members
            .get(name)
            .map(|member| member.node_id.as_str())
            .or_else(peer)
    }

    /// What a case's texts can name.
    pub(super) fn names(&self) -> Map<String, Value> {
        let nodes = self.members.iter().map(|(name, member)| {
            let known = json!({"url": member.url(), "node_id": member.node_id, "key": member.key});
            (name.clone(), known)
        });
        let peers = self.peers.iter().map(|(name, peer)| {
            let known = json!({"url": peer.url, "node_id": peer.node_id, "key": peer.signer.public()});
            (name.clone(), known)
        });
        nodes.chain(peers).collect()
    }

    pub(super) async fn end(&self) {
        for member in self.members.values() {
            member.place.end().await;
        }
    }
}

impl Member {
    /// The address under which peers reach it.
    pub(super) fn url(&self) -> &str {
        self.link
            .as_ref()
            .map_or_else(|| self.place.http.base(), |link| &link.url)
    }
}

async fn member(ground: &Ground, target: &Target, name: &str, folder: String) -> Result<Member, Gone> {
    if let Some(attach) = &target.attach {
        let http = Http::new(&attach.url, ground.limits).map_err(gone)?;
        let (node_id, key) = identity(&http).await;
        return Ok(Member {
            place: Arc::new(Place::attached(target.clone(), http, name.to_owned())),
            link: None,
            node_id,
            key,
        });
    }
    let link = Link::start(ground.limits).await.map_err(gone)?;
    let node = Node::launch_behind(ground, target, Some(target::FEDERATION), &folder, Some(&link.url)).await?;
    link.lead_to(node.http.base());
    let (node_id, key) = identity(&node.http).await;
    Ok(Member {
        place: Arc::new(Place::launched(target.clone(), node, name.to_owned())),
        link: Some(link),
        node_id,
        key,
    })
}

/// The node id and the federation key that a node publishes; what it does not publish, cases will miss.
async fn identity(http: &Http) -> (String, Option<String>) {
    let ask = Outgoing {
        method: "GET".to_owned(),
        target: "/.well-known/stigmem".to_owned(),
        ..Outgoing::default()
    };
    let document = match http.send(ask).await.map(|exchange| exchange.answer) {
        Ok(Answer::Response(response)) => response.body.json().unwrap_or_default(),
        _ => Value::Null,
    };
    let text = |member: &str| document[member].as_str().map(str::to_owned);
    (text("node_id").unwrap_or_default(), text("federation_pubkey"))
}

async fn peers(wish: &WorldWish, case: &Case, seed: u64) -> Result<BTreeMap<String, Peer>, String> {
    let mut peers = BTreeMap::new();
    let draw = |name: &str| Draw::new(seed, &format!("{}/peer/{name}", case.id));
    for (name, peer) in &wish.peers {
        let node_id = draw(peer.same_id_as.as_ref().unwrap_or(name)).uuid();
        let node_id = format!("stigmem:node:{node_id}");
        let mut draw = draw(&format!("{name}/key"));
        let peer = Peer::start(node_id, Signer::from_seed(draw.bytes()), peer.scopes.clone()).await?;
        peers.insert(name.clone(), peer);
    }
    Ok(peers)
}
