//! A node of the kit's own show, outside of any case: started with the settings of federation, perhaps behind a link, with a key that may
//! do everything that peers need.

use std::collections::BTreeMap;

use super::Place;
use crate::{
    error::RunError,
    report::curl::visible,
    seed::Draw,
    target::{self, Target},
    trace::{Event, Gone},
    vectors::{KeyWish, world::CommandName},
    world::{
        http::Outgoing,
        keys::Key,
        link::Link,
        node::{Ground, Node},
    },
};

/// A node with its key.
#[derive(Debug)]
pub struct Station {
    pub name: String,
    pub place: Place,
    pub key: Key,
    /// The way to it, where the harness holds one in its hand.
    pub link: Option<Link>,
    /// The process that holds the node.
    pub shepherd: Option<u32>,
}

impl Station {
    /// Starts a node on the folder `name`; what is left to chance on its link is drawn from `draw`.
    pub async fn enter(ground: &Ground, target: &Target, name: &str, draw: Option<Draw>) -> Result<Self, RunError> {
        let link = match draw {
            None => None,
            Some(draw) => Some(Link::start(ground.limits, draw).await.map_err(RunError::Harness)?),
        };
        let public = link.as_ref().map(|link| link.url.as_str());
        let node = Node::launch(ground, target, &[target::FEDERATION], name, public)
            .await
            .map_err(|gone| over(&gone))?;
        if let Some(link) = &link {
            link.lead_to(node.http.base());
        }
        // Some nodes make their keys when they are first asked who they are, and their command line wants to find them made.
        let ask = Outgoing {
            method: "GET".to_owned(),
            target: "/.well-known/stigmem".to_owned(),
            ..Outgoing::default()
        };
        node.http.send(ask).await.map_err(RunError::Harness)?;
        let shepherd = node.shepherd_pid();
        let place = Place::launched(target.clone(), node, name.to_owned());
        let wish = KeyWish {
            permissions: ["read", "write", "federate"].map(str::to_owned).into(),
            ..KeyWish::ordinary()
        };
        let key = place.key(&wish, "agent:station", name).await;
        Ok(Self {
            name: name.to_owned(),
            place,
            key: key.map_err(RunError::TargetGone)?,
            link,
            shepherd,
        })
    }

    /// The address under which others reach it.
    pub fn url(&self) -> &str {
        self.link
            .as_ref()
            .map_or_else(|| self.place.http.base(), |link| &link.url)
    }

    /// Registers it at another one, by the command that the target names for that; what it said.
    pub async fn register_at(&self, other: &Self, scopes: &str) -> Result<String, RunError> {
        let more = BTreeMap::from([
            ("local", self.url().to_owned()),
            ("remote", other.url().to_owned()),
            ("scopes", scopes.to_owned()),
            ("key", other.key.raw.clone()),
        ]);
        let ran = self.place.run_command(CommandName::Introduce, &more, None).await;
        match ran.map_err(RunError::TargetGone)? {
            Event::Ran { well: true, said, .. } => Ok(said),
            Event::Ran { said, .. } => Err(RunError::TargetGone(format!(
                "{} could not register itself at {}: {}",
                self.name,
                other.name,
                visible(said.trim(), 500)
            ))),
            _ => Err(RunError::Harness("a command left no record of itself".to_owned())),
        }
    }
}

fn over(gone: &Gone) -> RunError {
    let log: String = gone
        .log
        .iter()
        .map(|line| format!("\n  | {}", visible(line, 500)))
        .collect();
    RunError::TargetGone(format!("{}{log}", gone.what))
}
