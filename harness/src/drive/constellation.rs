//! Several nodes that talk to each other, each behind a link of ours, and the peers that we play.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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
    identity: Mutex<Identity>,
}

/// The node id and the federation key that a node publishes; what it does not publish, cases will miss.
#[derive(Debug, Clone, Default)]
struct Identity {
    node_id: String,
    key: Option<String>,
}

impl Constellation {
    /// Starts the nodes and peers of a case.
    pub(super) async fn start(setting: &Setting, case: &Case, folder: &str, seed: u64) -> Result<Self, Gone> {
        let wish = case.world.clone().unwrap_or_default();
        let launching = wish.nodes.iter().map(|name| {
            let target = setting.named.get(name).unwrap_or(&setting.target);
            let berth = Berth {
                name,
                folder: format!("{folder}-{name}"),
                variant: wish.variants.get(name).map(String::as_str),
                idle: wish.idle.contains(name),
                draw: Draw::new(seed, &format!("{}/link/{name}", case.id)),
            };
            member(&setting.ground, target, berth)
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
    pub(super) fn node_id(&self, name: &str) -> Option<String> {
        let peer = || self.peers.get(name).map(|peer| peer.node_id.clone());
        self.members.get(name).map(Member::node_id).or_else(peer)
    }

    /// Asks a node that was started who it is now; its name and what that stands for.
    pub(super) async fn introduce_again(&self, name: &str) -> Option<(String, Value)> {
        let member = self.members.get(name)?;
        let now = identity(&member.place.http).await;
        *member.identity() = now;
        Some((name.to_owned(), member.known()))
    }

    /// What a case's texts can name.
    pub(super) fn names(&self) -> Map<String, Value> {
        let nodes = self.members.iter().map(|(name, member)| (name.clone(), member.known()));
        let peers = self.peers.iter().map(|(name, peer)| {
            let known = json!({
                "url": peer.url, "authority": authority(&peer.url), "node_id": peer.node_id, "key": peer.signer.public(),
            });
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
    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn node_id(&self) -> String {
        self.identity().node_id.clone()
    }

    pub(super) fn key(&self) -> Option<String> {
        self.identity().key.clone()
    }

    /// What a case's texts can name.
    fn known(&self) -> Value {
        let identity = self.identity().clone();
        json!({
            "url": self.url(), "authority": authority(self.url()), "node_id": identity.node_id, "key": identity.key,
            "outside": outside(&self.place.own_base()),
        })
    }

    /// The address under which peers reach it.
    pub(super) fn url(&self) -> &str {
        self.link
            .as_ref()
            .map_or_else(|| self.place.http.base(), |link| &link.url)
    }
}

/// The settings of the case's that a target does not offer.
pub(super) fn lacks(setting: &Setting, case: &Case) -> Option<String> {
    let wanted = case.world.iter().flat_map(|world| &world.variants);
    let mut lacking = wanted.filter_map(|(name, variant)| {
        let target = setting.named.get(name).unwrap_or(&setting.target);
        match &target.launch {
            None => Some(format!(
                "needs the node's settings changed ({variant}); this one is attached by URL"
            )),
            Some(launch) if !launch.variants.contains_key(variant) => {
                Some(format!("the target file has no [launch.variants.{variant}]"))
            }
            Some(_) => None,
        }
    });
    lacking.next()
}

/// Where and how a node of a world is started.
struct Berth<'a> {
    name: &'a str,
    folder: String,
    /// Settings over those of federation.
    variant: Option<&'a str>,
    /// A step starts it.
    idle: bool,
    draw: Draw,
}

async fn member(ground: &Ground, target: &Target, berth: Berth<'_>) -> Result<Member, Gone> {
    let name = berth.name.to_owned();
    if let Some(attach) = &target.attach {
        let http = Http::new(&attach.url, ground.limits).map_err(gone)?;
        return Ok(Member {
            identity: Mutex::new(identity(&http).await),
            place: Arc::new(Place::attached(target.clone(), http, name)),
            link: None,
        });
    }
    let link = Link::start(ground.limits, berth.draw).await.map_err(gone)?;
    let variants: Vec<&str> = [target::FEDERATION].into_iter().chain(berth.variant).collect();
    let node = if berth.idle {
        Node::rest(ground, target, &variants, &berth.folder, Some(&link.url)).await?
    } else {
        Node::launch(ground, target, &variants, &berth.folder, Some(&link.url)).await?
    };
    link.lead_to(node.http.base());
    let known = match berth.idle {
        true => Identity::default(),
        false => identity(&node.http).await,
    };
    Ok(Member {
        identity: Mutex::new(known),
        place: Arc::new(Place::launched(target.clone(), node, name)),
        link: Some(link),
    })
}

/// Host and port of a base URL.
fn authority(url: &str) -> &str {
    url.split_once("://")
        .map_or(url, |(_, rest)| rest.trim_end_matches('/'))
}

/// The address of a local server as others than this machine would reach it, where the machine has one.
fn outside(base: &str) -> Option<String> {
    let port = base.rsplit_once(':')?.1;
    // Connecting a datagram socket sends nothing; it only chooses the way out. The address is one for documentation.
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then(|| format!("http://{address}:{port}"))
}

async fn identity(http: &Http) -> Identity {
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
    Identity {
        node_id: text("node_id").unwrap_or_default(),
        key: text("federation_pubkey"),
    }
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
