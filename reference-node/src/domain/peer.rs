//! Peers (section 6): what a registered node is and may do, and whose facts are taken from whom.

use super::address::{Address, authority_of_name};
use super::declaration::{Declaration, RateLimit};
use super::incoming::Incoming;
use super::scope::{Scope, ScopeSet};
use super::signing::PeerKey;
use super::uri;
use crate::policy::{
    FailedStatus, KnownPeer, NamesOfANode, OthersVoices, PermittedScopes, PushSources, Revocation, SystemSources,
    TeamFacts,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Active = 0,
    Rejected = 1,
    Revoked = 2,
}

impl Status {
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Active, Self::Rejected, Self::Revoked]
            .get(usize::from(code))
            .copied()
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Rejected => match FailedStatus::now() {
                FailedStatus::Rejected => "rejected",
                FailedStatus::PendingApproval => "pending_approval",
            },
            Self::Revoked => "revoked",
        }
    }
}

/// A registered node.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// The row's id, which is what the routes call `peer_id`.
    pub(crate) id: String,
    pub(crate) node_id: String,
    pub(crate) node_url: String,
    pub(crate) federation_pubkey: String,
    pub(crate) status: Status,
    pub(crate) scopes: ScopeSet,
    pub(crate) rate_limit: Option<RateLimit>,
    /// In microseconds; when it became active.
    pub(crate) established_at: Option<i64>,
}

impl Peer {
    /// What may pass between this node and the peer: what it declared and what the operator allows. `local` never.
    pub(crate) fn permitted(&self, allowed: ScopeSet) -> ScopeSet {
        let permitted = self
            .scopes
            .iter()
            .filter(|scope| *scope != Scope::Local && allowed.contains(*scope))
            .collect();
        PermittedScopes::now().amend(permitted, self.scopes)
    }

    /// What it counts as when it asks for something.
    pub(crate) fn standing_as_reader(&self) -> Status {
        match (self.status, Revocation::now()) {
            (Status::Revoked, Revocation::EndsPullingAlone) => Status::Active,
            (status, _) => status,
        }
    }

    /// Whether it is asked for something.
    pub(crate) fn is_followed(&self) -> bool {
        self.status == Status::Active
            || (self.status == Status::Revoked && Revocation::now() == Revocation::EndsReadingAlone)
    }

    /// Whether a declaration with its node id takes its place.
    pub(crate) fn gives_way_to(&self, declaration: &Declaration) -> bool {
        let same_key = self.federation_pubkey == declaration.federation_pubkey;
        KnownPeer::now().gives_way(self.status, same_key)
    }

    pub(crate) fn key(&self) -> Option<PeerKey> {
        PeerKey::parse(&self.federation_pubkey)
    }
}

/// A node and the names that are its own.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    node_id: String,
    address: Option<Address>,
}

impl Owner {
    pub(crate) fn new(node_id: &str, node_url: &str) -> Self {
        Self {
            node_id: node_id.to_owned(),
            address: Address::parse(node_url),
        }
    }

    /// Whether `source` is the node, something below it, or a name under its authority.
    pub(crate) fn owns(&self, source: &str) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.starts_with(['/', ':', '#']);
        let normal = uri::normalise(source);
        let spellings = [source, normal.as_deref().unwrap_or(source)];
        if spellings
            .iter()
            .any(|name| name.strip_prefix(&self.node_id).is_some_and(below))
        {
            return true;
        }
        let Some(address) = &self.address else {
            return false;
        };
        match NamesOfANode::now() {
            NamesOfANode::IdAndAuthority => authority_of_name(source).is_some_and(|part| address.owns(&part)),
            NamesOfANode::IdAlone => false,
            NamesOfANode::AuthorityAnywhere => {
                let (host, port) = address.target();
                source.contains(&format!("{host}:{port}"))
            }
        }
    }

    /// Whether the node may push what has this source.
    fn may_push(&self, source: &str) -> bool {
        match PushSources::now() {
            PushSources::ThePushersOwn | PushSources::AsOnPull | PushSources::Anybodys => self.owns(source),
            PushSources::WhatBeginsLikeThePusher => self.owns(source) || source.starts_with(&self.node_id),
            PushSources::NodeIdAlone => source == self.node_id,
            PushSources::AuthorityAlone => self.owns(source) && !source.starts_with(&self.node_id),
        }
    }
}

/// How a fact came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Pull,
    Push,
}

/// Whose facts are taken from one peer.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) way: Way,
    pub(crate) permitted: ScopeSet,
    pub(crate) sender: Owner,
    pub(crate) me: Owner,
    /// Other active peers that this node pulls from without failure, with what they deliver themselves.
    pub(crate) others: Vec<(Owner, ScopeSet)>,
    /// While this node fetches again what it lost, facts of its own are taken back.
    pub(crate) restoring: bool,
}

impl Policy {
    pub(crate) fn judge(&self, fact: &Incoming) -> Result<(), &'static str> {
        let (source, scope) = (fact.draft.source.as_str(), fact.draft.scope);
        let stays_out = scope == Scope::Team && TeamFacts::now() == TeamFacts::NeverArrive;
        if !self.permitted.contains(scope) || stays_out {
            return Err("scope_not_permitted");
        }
        let foreign = || Err("source_not_owned");
        if self.way == Way::Push && PushSources::now() == PushSources::Anybodys {
            return Ok(());
        }
        if SystemSources::now().include(source) {
            return foreign();
        }
        if self.way == Way::Push && PushSources::now() != PushSources::AsOnPull {
            let own = self.sender.may_push(source);
            return if own { Ok(()) } else { foreign() };
        }
        let voices = OthersVoices::now();
        if self.me.owns(source) && !self.restoring && voices != OthersVoices::Neighbours {
            return foreign();
        }
        // The owner delivers it in person; what somebody else says in its name is not needed.
        let delivered = |(owner, scopes): &(Owner, ScopeSet)| scopes.contains(scope) && owner.owns(source);
        if !self.sender.owns(source) && self.others.iter().any(delivered) && voices != OthersVoices::TheNodes {
            return foreign();
        }
        if voices.include(source, || self.sender.owns(source) || self.me.owns(source)) {
            return foreign();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incoming::Offer;

    fn fact(source: &str, scope: &str) -> Incoming {
        let text = format!(
            r#"{{"id":"7d9f2c8e-3f0b-4a55-9d4e-2f1f0a6b7c01","entity":"user:a","relation":"r:r","value":{{"type":"null"}},"source":"{source}","timestamp":"2026-05-02T00:00:00Z","confidence":1,"scope":"{scope}"}}"#
        );
        Offer::read(text.as_bytes(), 100).judged.unwrap()
    }

    fn policy(way: Way) -> Policy {
        let public = ScopeSet::only(Scope::Public);
        Policy {
            way,
            permitted: public,
            sender: Owner::new("stigmem:node:s", "http://sender.example"),
            me: Owner::new("stigmem:node:me", "http://me.example:8765"),
            others: vec![(Owner::new("stigmem:node:o", "http://other.example"), public)],
            restoring: false,
        }
    }

    #[test]
    fn a_pull_takes_what_nobody_else_owns() {
        let foreign = Err("source_not_owned");
        for (source, verdict) in [
            ("agent:x", Ok(())),
            ("stigmem://elsewhere.example/agent/x", Ok(())),
            ("stigmem:node:s", Ok(())),
            ("stigmem://sender.example/agent/x", Ok(())),
            ("stigmem:node:other", Ok(())),
            ("system:stigmem", foreign),
            ("system:", foreign),
            ("stigmem:node:me", foreign),
            ("stigmem:node:me/agent/x", foreign),
            ("stigmem://ME.example:8765/agent/x", foreign),
            ("stigmem://me.example/agent/x", Ok(())),
            ("stigmem:node:o", foreign),
            ("stigmem://other.example/agent/x", foreign),
            ("stigmem://other.example:80/agent/x", foreign),
        ] {
            assert_eq!(policy(Way::Pull).judge(&fact(source, "public")), verdict, "{source}");
        }
        let mut restoring = policy(Way::Pull);
        restoring.restoring = true;
        assert_eq!(restoring.judge(&fact("stigmem:node:me", "public")), Ok(()));
        let mut alone = policy(Way::Pull);
        alone.others.clear();
        assert_eq!(alone.judge(&fact("stigmem:node:o", "public")), Ok(()));
    }

    #[test]
    fn a_push_brings_only_what_is_the_senders() {
        for (source, verdict) in [
            ("stigmem:node:s", Ok(())),
            ("stigmem:node:s/agent/x", Ok(())),
            ("stigmem://sender.example/agent/x", Ok(())),
            ("stigmem:node:sx", Err("source_not_owned")),
            ("agent:x", Err("source_not_owned")),
            ("system:stigmem", Err("source_not_owned")),
        ] {
            assert_eq!(policy(Way::Push).judge(&fact(source, "public")), verdict, "{source}");
        }
    }

    #[test]
    fn scopes_come_first() {
        for scope in ["local", "team", "company"] {
            assert_eq!(
                policy(Way::Pull).judge(&fact("system:x", scope)),
                Err("scope_not_permitted")
            );
        }
    }
}
