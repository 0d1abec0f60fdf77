//! What becomes of a request on its way: the rules that stand, what is left to chance, and what is remembered.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hyper::{body::Bytes, header};
use serde_json::{Map, Value};

use crate::{
    body,
    seed::Draw,
    world::serve::{Passed, Received},
};

/// What happens to requests of one sender.
#[derive(Debug, Clone, Default)]
pub struct Rule {
    pub cut: bool,
    pub delay: Duration,
    /// Each request waits a time of its own, up to this.
    pub shuffle: Duration,
    /// Members of JSON answers that are replaced, by JSON Pointer.
    pub edits: Map<String, Value>,
    /// With this probability a request suffers one of the kinds of [`Counts`].
    pub chaos: f64,
    /// So many requests pass before `next`.
    pub skip: usize,
    pub next: Counts,
}

/// How many of the next requests suffer what.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// They reach the node twice.
    pub duplicate: usize,
    /// They reach the node, and nobody hears of it.
    pub drop: usize,
    /// Their answers end in the middle.
    pub truncate: usize,
    /// They get 503 in place of an answer.
    pub refuse: usize,
    /// They get the answer of the time before.
    pub stale: usize,
    /// Their token loses its signature.
    pub spoil: usize,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Fate {
    pub node: String,
    pub cut: bool,
    pub delay: Duration,
    pub edits: Map<String, Value>,
    pub duplicate: bool,
    pub drop: bool,
    pub truncate: bool,
    pub refuse: bool,
    pub stale: bool,
    pub spoil: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub node: String,
    rules: BTreeMap<Option<String>, Rule>,
    draw: Draw,
    /// By sender and path, the last request and its answer.
    last: BTreeMap<(String, String), (Received, Passed)>,
}

impl State {
    pub(super) fn new(draw: Draw) -> Self {
        Self {
            node: String::new(),
            rules: BTreeMap::new(),
            draw,
            last: BTreeMap::new(),
        }
    }

    pub(super) fn order(&mut self, source: Option<String>, rule: Rule) {
        self.rules.insert(source, rule);
    }

    /// The rules for everybody and for this sender, taken together.
    pub(super) fn fate(&mut self, source: Option<&str>) -> Fate {
        let mut fate = Fate {
            node: self.node.clone(),
            ..Fate::default()
        };
        for of in std::iter::once(None).chain(source.map(|source| Some(source.to_owned()))) {
            if let Some(rule) = self.rules.get_mut(&of) {
                rule.befall(&mut fate, &mut self.draw);
            }
        }
        fate
    }

    pub(super) fn recorded(&self, source: &str, path: &str) -> Option<&Received> {
        let (request, _) = self.last.get(&(source.to_owned(), path.to_owned()))?;
        Some(request)
    }

    /// Keeps a request with its answer; the answer before is handed out.
    pub(super) fn remember(&mut self, source: String, request: Received, passed: &Passed) -> Option<Passed> {
        let key = (source, request.head.uri.path().to_owned());
        if !self.last.contains_key(&key) && self.last.len() >= MOST_REMEMBERED {
            return None;
        }
        self.last
            .insert(key, (request, passed.clone()))
            .map(|(_, before)| before)
    }
}

impl Rule {
    fn befall(&mut self, fate: &mut Fate, draw: &mut Draw) {
        fate.cut |= self.cut;
        let share = part(draw);
        fate.delay = fate.delay.max(self.delay).max(self.shuffle.mul_f64(share));
        fate.edits.extend(self.edits.clone());
        if part(draw) < self.chaos {
            let kinds = fate.kinds();
            *kinds[draw.below(KINDS)] = true;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        for (left, happens) in self.next.kinds().into_iter().zip(fate.kinds()) {
            *happens |= *left > 0;
            *left = left.saturating_sub(1);
        }
    }
}

const KINDS: usize = 6;

impl Fate {
    fn kinds(&mut self) -> [&mut bool; KINDS] {
        [
            &mut self.duplicate,
            &mut self.drop,
            &mut self.truncate,
            &mut self.refuse,
            &mut self.stale,
            &mut self.spoil,
        ]
    }
}

impl Counts {
    /// In the order of those of a fate.
    fn kinds(&mut self) -> [&mut usize; KINDS] {
        [
            &mut self.duplicate,
            &mut self.drop,
            &mut self.truncate,
            &mut self.refuse,
            &mut self.stale,
            &mut self.spoil,
        ]
    }
}

/// From 0 up to, but not including, 1.
fn part(draw: &mut Draw) -> f64 {
    const STEPS: u32 = 1 << 30;
    let step = u32::try_from(draw.below(STEPS as usize)).unwrap_or_default();
    f64::from(step) / f64::from(STEPS)
}

/// Exchanges one character of the signature of a request's token.
pub(super) fn spoil(request: &mut Received) {
    let head = Arc::make_mut(&mut request.head);
    let Some(value) = head
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
    else {
        return;
    };
    let Some((signed, signature)) = value.rsplit_once('.') else {
        return;
    };
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let spoilt = format!("{signed}.{first}{}", signature.get(1..).unwrap_or_default());
    if let Ok(value) = header::HeaderValue::from_str(&spoilt) {
        head.headers.insert(header::AUTHORIZATION, value);
    }
}

/// A JSON body with other members in place; what has no such members stays as it is.
pub(super) fn edited(bytes: Bytes, edits: &Map<String, Value>) -> Bytes {
    if edits.is_empty() {
        return bytes;
    }
    let Ok(mut document) = serde_json::from_slice::<Value>(&bytes) else {
        return bytes;
    };
    for (pointer, value) in edits {
        if let Some(place) = document.pointer_mut(pointer) {
            *place = value.clone();
        }
    }
    body::emit(&document).map_or(bytes, Bytes::from)
}

/// Senders and paths of one world are few.
const MOST_REMEMBERED: usize = 64;
