//! The steps of federation: declarations, tokens, what our peers serve and were asked, and the network.

use serde_json::Value;

use super::{
    case::{Run, Stop},
    constellation::{Constellation, Member},
    request,
};
use crate::{
    trace::{Event, StepRecord},
    vectors::{Edit, step::Verb},
    world::peer::Peer,
};

impl Run<'_> {
    /// The steps that need a world.
    pub(super) async fn peering(&mut self, verb: &Verb, done: &mut StepRecord) -> Result<(), Stop> {
        match verb {
            Verb::Register {
                peer,
                with,
                then,
                malleated,
                approve,
            } => {
                let declaration = self.declaration(peer, with, then, *malleated)?;
                self.register(&declaration, *approve, done).await
            }
            Verb::Command(wish) => self.command(wish, done).await,
            Verb::Federate {
                nodes: [one, other],
                scopes,
                by,
            } => {
                self.introduce(*by, [one, other], scopes, done).await?;
                self.introduce(*by, [other, one], scopes, done).await
            }
            Verb::Forge(wish) => {
                let made = self.forge(wish)?;
                done.events.push(Event::Made(made));
                Ok(())
            }
            Verb::ForgeMany { count, fact } => {
                let made = self.forge_many(*count, fact)?;
                done.events.push(Event::Made(made));
                Ok(())
            }
            Verb::Holds { facts, not, within_ms } => {
                let (facts, not) = (self.fill(facts)?, self.fill(not)?);
                self.holds(&facts, &not, *within_ms, done).await
            }
            Verb::Serve(serve) => self.serve(serve, done),
            Verb::Log(name) => {
                let key = self.member().and_then(Member::key);
                let asked = self.peer(name)?.log();
                done.events.push(Event::Log { asked, key });
                Ok(())
            }
            Verb::Link(order) => self.link(order, done),
            Verb::Replay { to, from, path } => self.replay(to, from, path, done).await,
            other => Err(Stop::Harness(format!("{} is no step of federation", other.name()))),
        }
    }

    pub(super) fn world(&self) -> Result<&Constellation, Stop> {
        self.world
            .ok_or_else(|| Stop::Harness("the case has no `world`".to_owned()))
    }

    pub(super) fn peer(&self, name: &str) -> Result<&Peer, Stop> {
        let peer = self.world()?.peers.get(name);
        peer.ok_or_else(|| Stop::Harness(format!("the case's world has no peer {name:?}")))
    }

    pub(super) fn node(&self, name: &str) -> Result<&Member, Stop> {
        let member = self.world()?.member(name);
        member.ok_or_else(|| Stop::Harness(format!("the case's world has no node {name:?}")))
    }

    pub(super) fn member(&self) -> Option<&Member> {
        self.world?.member(&self.place.label)
    }

    pub(super) fn fill(&self, value: &Value) -> Result<Value, Stop> {
        let filled = self.bindings.fill_value(value);
        filled.map_err(|unbound| Stop::Harness(unbound.to_string()))
    }

    pub(super) fn fill_text(&self, text: &str) -> Result<String, Stop> {
        let filled = self.bindings.fill_text(text);
        filled.map_err(|unbound| Stop::Harness(unbound.to_string()))
    }

    pub(super) fn edit(&self, document: &mut Value, edit: &Edit) -> Result<(), Stop> {
        for (pointer, value) in edit {
            request::set(document, pointer, self.fill(value)?).map_err(Stop::Harness)?;
        }
        Ok(())
    }
}
