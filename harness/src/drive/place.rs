//! Where a case plays: one node, with the keys that were made for it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::sync::Mutex;

use crate::{
    target::{Federation, Target},
    trace::{Event, Gone},
    vectors::{KeyWish, world::CommandName},
    world::{
        http::Http,
        keys::{self, Key},
        node::{Node, gone},
    },
};

/// A node under test as the cases see it.
#[derive(Debug)]
pub struct Place {
    pub label: String,
    pub http: Http,
    target: Target,
    names: BTreeMap<&'static str, String>,
    /// Absent for a node that is attached by URL.
    node: Option<Mutex<Node>>,
    keys: Mutex<BTreeMap<(KeyWish, String), Key>>,
    dead: AtomicBool,
}

impl Place {
    pub fn attached(target: Target, http: Http, label: String) -> Self {
        Self {
            label,
            http,
            target,
            names: BTreeMap::new(),
            node: None,
            keys: Mutex::default(),
            dead: AtomicBool::new(false),
        }
    }

    pub fn launched(target: Target, node: Node, label: String) -> Self {
        Self {
            label,
            http: node.http.clone(),
            target,
            names: node.names.clone(),
            node: Some(Mutex::new(node)),
            keys: Mutex::default(),
            dead: AtomicBool::new(false),
        }
    }

    /// Where the node itself listens, whatever mask it wears.
    pub fn own_base(&self) -> String {
        match self.names.get("port") {
            Some(port) => format!("http://127.0.0.1:{port}"),
            None => self.http.base().to_owned(),
        }
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    pub fn declare_dead(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    /// The key of steps that name none; `None` where the target gives none and needs none.
    pub async fn ordinary_key(&self) -> Result<Option<Key>, String> {
        if let Some(attach) = &self.target.attach {
            if let Some(variable) = &attach.key_env {
                let raw = keys::from_env(variable)?;
                return Ok(Some(Key {
                    raw,
                    shown: "{key:ordinary}".to_owned(),
                }));
            }
            if self.target.keys.mint.is_empty() && self.target.keys.admin_env.is_none() {
                return Ok(None);
            }
        }
        self.key(&KeyWish::ordinary(), "agent:conformance", "ordinary")
            .await
            .map(Some)
    }

    /// A key with these permissions; the same wish gets the same key.
    pub async fn key(&self, wish: &KeyWish, entity: &str, name: &str) -> Result<Key, String> {
        let mut keys = self.keys.lock().await;
        let index = (wish.clone(), entity.to_owned());
        if let Some(key) = keys.get(&index) {
            return Ok(Key {
                shown: format!("{{key:{name}}}"),
                ..key.clone()
            });
        }
        let raw = keys::mint(&self.target, &self.http, &self.names, wish, entity).await?;
        let key = Key {
            raw,
            shown: format!("{{key:{name}}}"),
        };
        keys.insert(index, key.clone());
        Ok(key)
    }

    pub(super) fn federation(&self) -> Option<&Federation> {
        self.target.federation.as_ref()
    }

    /// Runs a command of the target file's beside the node, with further names and what it reads from `{file}`.
    pub async fn run_command(
        &self,
        name: CommandName,
        more: &BTreeMap<&'static str, String>,
        input: Option<String>,
    ) -> Result<Event, String> {
        let command = self.federation().map(|federation| federation.command(name));
        let command = command
            .filter(|command| !command.is_empty())
            .ok_or_else(|| format!("a command: the target file has no `federation.{}`", name.word()))?;
        let node = self.node.as_ref().ok_or("a node that the kit can start")?;
        node.lock().await.run(command, more, input).await
    }

    /// The node stands still, or goes on.
    pub async fn pause_node(&self, paused: bool) -> Result<(), Gone> {
        let node = self.node.as_ref().ok_or_else(|| gone("the node is attached by URL"))?;
        node.lock().await.pause(paused).await
    }

    /// Kills the node and takes away all that it stored, its keys too.
    pub async fn lose_node(&self) -> Result<(), Gone> {
        let node = self.node.as_ref().ok_or_else(|| gone("the node is attached by URL"))?;
        node.lock().await.lose().await?;
        self.keys.lock().await.clear();
        Ok(())
    }

    /// Stops (`politely`) or kills the node.
    pub async fn end_node(&self, politely: bool) -> Result<(), Gone> {
        let node = self.node.as_ref().ok_or_else(|| gone("the node is attached by URL"))?;
        node.lock().await.end(politely).await
    }

    pub async fn start_node(&self) -> Result<(), Gone> {
        let node = self.node.as_ref().ok_or_else(|| gone("the node is attached by URL"))?;
        node.lock().await.start().await
    }

    /// Whether the node is gone, and its last words then.
    pub async fn is_gone(&self) -> Option<Gone> {
        if self.http.is_alive().await {
            return None;
        }
        let Some(node) = &self.node else {
            return Some(gone(format!("nothing answers at {} any more", self.http.base())));
        };
        let mut node = node.lock().await;
        let what = if node.has_ended() {
            "the node's process ended"
        } else {
            "the node's process runs, but answers nothing any more"
        };
        Some(node.last_words(what))
    }

    /// The end of a run: no verdict hangs on how the node stops here.
    pub async fn end(&self) {
        if let Some(node) = &self.node {
            let _ = node.lock().await.end(false).await;
        }
    }
}
