//! What the played node answers: as a node does, save where a rule of the case says otherwise. Pure.

use serde_json::{Map, Value, json};

use super::case::{PlayedNode, Rule};
use crate::{
    body,
    judge::pattern,
    protocol::{hlc::Hlc, instant},
    seed::Draw,
};

/// A request, as rules and the judge see it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub method: String,
    pub path: String,
    pub query: Map<String, Value>,
    pub body: Value,
    /// Whether it carries the key.
    pub knows_key: bool,
}

/// What it is answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: Map<String, Value>,
    pub body: String,
    /// How it is kept from arriving as it should.
    pub fault: Option<Rule>,
}

#[derive(Debug)]
pub(super) struct Script {
    url: String,
    facts: Vec<Value>,
    discovery: Map<String, Value>,
    rules: Vec<Counted>,
    /// Asked for with every request below `/v1/`.
    wants_key: bool,
    draw: Draw,
    now_ms: i64,
    ticks: i64,
}

#[derive(Debug)]
struct Counted {
    rule: Rule,
    seen: usize,
}

impl Script {
    pub(super) fn new(url: &str, wants_key: bool, draw: Draw, now_ms: i64) -> Self {
        Self {
            url: url.to_owned(),
            facts: Vec::new(),
            discovery: Map::new(),
            rules: Vec::new(),
            wants_key,
            draw,
            now_ms,
            ticks: 0,
        }
    }

    /// From now on it is like this.
    pub(super) fn set(&mut self, node: &PlayedNode) {
        self.facts.clear();
        for fact in &node.facts {
            let record = self.record(fact);
            self.facts.push(record);
        }
        self.discovery.clone_from(&node.discovery);
        let rules = node.answers.iter().cloned();
        self.rules = rules.map(|rule| Counted { rule, seen: 0 }).collect();
    }

    pub(super) fn answer(&mut self, asked: &Asked) -> Reply {
        let Some(rule) = self.rule_for(asked) else {
            return self.proper(asked);
        };
        let (status, has_body) = (rule.status, rule.json.is_some() || rule.text.is_some());
        let mut reply = match status {
            // Nothing is stored by a request that fails.
            Some(status) if status >= 300 => told(status, "refused_by_the_case"),
            _ if has_body => Reply::default(),
            _ => self.proper(asked),
        };
        reply.status = status.unwrap_or(if reply.status == 0 { 200 } else { reply.status });
        if let Some(value) = &rule.json {
            reply.body = body::emit(value).unwrap_or_else(|error| error);
        }
        if let Some(text) = &rule.text {
            reply.body.clone_from(text);
        }
        reply.headers.extend(rule.headers.clone());
        reply.fault = Some(rule);
        reply
    }

    /// The first rule that fits and is not used up.
    fn rule_for(&mut self, asked: &Asked) -> Option<Rule> {
        let seen = json!({"method": asked.method, "path": asked.path, "query": asked.query, "body": asked.body});
        for counted in &mut self.rules {
            let rule = &counted.rule;
            let fits = rule
                .to
                .as_ref()
                .is_none_or(|to| pattern::matches(to, Some(&seen)).is_ok());
            if !fits {
                continue;
            }
            counted.seen += 1;
            let (from, to) = (rule.skip, rule.times.map(|times| rule.skip.saturating_add(times)));
            if counted.seen > from && to.is_none_or(|to| counted.seen <= to) {
                return Some(rule.clone());
            }
        }
        None
    }

    /// As a node answers.
    fn proper(&mut self, asked: &Asked) -> Reply {
        if asked.path.starts_with("/v1/") && self.wants_key && !asked.knows_key {
            return told(401, "unauthorized");
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET" | "HEAD", "/.well-known/stigmem") => with_json(200, &self.document()),
            ("GET", "/v1/facts") => with_json(200, &self.page(&asked.query)),
            ("POST", "/v1/facts") => self.assert(&asked.body),
            ("GET", path) => match path.strip_prefix("/v1/facts/").and_then(|id| self.find(id)) {
                Some(fact) => with_json(200, fact),
                None => told(404, "not_found"),
            },
            _ => told(404, "not_found"),
        }
    }

    fn document(&self) -> Value {
        let mut document = json!({
            "version": "0.8", "node_id": "stigmem://node.example/node/played", "node_url": self.url,
            "auth": if self.wants_key { "required" } else { "none" },
            "federation": "disabled", "namespaces": [], "spec": "stigmem-0.8",
        });
        for (name, value) in &self.discovery {
            document[name] = value.clone();
        }
        document
    }

    fn find(&self, id: &str) -> Option<&Value> {
        self.facts.iter().find(|fact| fact["id"] == *id)
    }

    fn assert(&mut self, body: &Value) -> Reply {
        let Some(members) = body.as_object() else {
            return told(422, "validation_error");
        };
        let mut asserted = members.clone();
        for name in ["id", "timestamp", "hlc", "cid", "received_from"] {
            asserted.remove(name);
        }
        asserted.entry("scope").or_insert_with(|| "local".into());
        let record = self.record(&asserted);
        self.facts.push(record.clone());
        with_json(201, &record)
    }

    /// A whole record, with what was left out made.
    fn record(&mut self, given: &Map<String, Value>) -> Value {
        self.ticks += 1;
        let at = self.now_ms.saturating_sub(3_600_000).saturating_add(self.ticks);
        let mut record = json!({
            "id": self.draw.uuid(), "source": "stigmem://node.example/agent/other",
            "timestamp": instant::format(at), "hlc": format!("{at}.000"), "valid_until": null, "confidence": 1.0,
            "scope": "company", "contradicted": false, "received_from": null, "cid": null,
        });
        for (name, value) in given {
            record[name] = value.clone();
        }
        record
    }

    /// The facts that fit the filters of a query, newest first.
    fn page(&self, query: &Map<String, Value>) -> Value {
        let text = |name: &str| query.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let least: f64 = text("min_confidence").and_then(|text| text.parse().ok()).unwrap_or(0.0);
        let limit: usize = text("limit").and_then(|text| text.parse().ok()).unwrap_or(50);
        let after: usize = text("cursor").and_then(|text| text.parse().ok()).unwrap_or(0);
        let fits = |fact: &&Value| {
            let same = |name: &str| text(name).is_none_or(|wanted| fact[name] == *wanted);
            ["entity", "relation", "source", "scope"].into_iter().all(same)
                && fact["confidence"].as_f64().unwrap_or(1.0) >= least
        };
        let mut found: Vec<&Value> = self.facts.iter().filter(fits).collect();
        found.sort_by_cached_key(|fact| std::cmp::Reverse(clock(fact)));
        let total = found.len();
        let page: Vec<&Value> = found.into_iter().skip(after).take(limit.clamp(1, 500)).collect();
        let next = after.saturating_add(page.len());
        let more = next < total;
        json!({
            "facts": page, "total": total, "has_more": more,
            "cursor": if more { Value::from(next.to_string()) } else { Value::Null },
        })
    }
}

/// Where a record stands among the others.
fn clock(fact: &Value) -> Option<Hlc> {
    fact["hlc"].as_str()?.parse().ok()
}

fn with_json(status: u16, value: &Value) -> Reply {
    Reply {
        status,
        body: body::emit(value).unwrap_or_else(|error| error),
        ..Reply::default()
    }
}

/// An error, as nodes tell it.
fn told(status: u16, code: &str) -> Reply {
    with_json(status, &json!({"error": code, "detail": "the played node says no"}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(node: &Value) -> Script {
        let mut script = Script::new("http://127.0.0.1:1", true, Draw::new(1, "x"), 1_772_357_400_000);
        script.set(&serde_json::from_value(node.clone()).unwrap());
        script
    }

    fn asked(method: &str, path: &str, query: &Value) -> Asked {
        Asked {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.as_object().cloned().unwrap_or_default(),
            body: Value::Null,
            knows_key: true,
        }
    }

    fn body(reply: &Reply) -> Value {
        serde_json::from_str(&reply.body).unwrap()
    }

    fn fact(n: u8, scope: &str, confidence: f64) -> Value {
        json!({"entity": "e", "relation": format!("r:{n}"), "value": {"type": "number", "v": n}, "scope": scope, "confidence": confidence})
    }

    #[test]
    fn a_query_is_answered_with_what_fits_newest_first() {
        let mut script = script(
            &json!({"facts": [fact(1, "company", 1.0), fact(2, "company", 0.5), fact(3, "local", 1.0), fact(4, "company", 0.9)]}),
        );
        let query = json!({"entity": "e", "scope": "company", "min_confidence": "0.7"});
        let page = body(&script.answer(&asked("GET", "/v1/facts", &query)));
        let relations: Vec<&str> = page["facts"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|fact| fact["relation"].as_str())
            .collect();
        assert_eq!(relations, ["r:4", "r:1"]);
        let first = body(&script.answer(&asked("GET", "/v1/facts", &json!({"limit": "3"}))));
        assert_eq!(
            (first["facts"].as_array().unwrap().len(), &first["cursor"]),
            (3, &json!("3"))
        );
        let last = body(&script.answer(&asked("GET", "/v1/facts", &json!({"limit": "3", "cursor": "3"}))));
        assert_eq!(
            (last["facts"].as_array().unwrap().len(), &last["cursor"]),
            (1, &Value::Null)
        );
    }

    #[test]
    fn without_the_key_it_is_401_and_what_was_asserted_is_there() {
        let mut script = script(&json!({}));
        let mut request = asked("POST", "/v1/facts", &json!({}));
        request.body = json!({"entity": "e", "relation": "r", "value": {"type": "null"}, "source": "s", "id": "mine"});
        request.knows_key = false;
        assert_eq!(script.answer(&request).status, 401);
        request.knows_key = true;
        let reply = script.answer(&request);
        let record = body(&reply);
        assert_eq!((reply.status, &record["scope"]), (201, &json!("local")));
        assert_ne!(record["id"], "mine");
        let path = format!("/v1/facts/{}", record["id"].as_str().unwrap());
        assert_eq!(body(&script.answer(&asked("GET", &path, &json!({}))))["entity"], "e");
        assert_eq!(script.answer(&asked("DELETE", &path, &json!({}))).status, 404);
    }

    #[test]
    fn rules_fit_in_order_and_are_used_up() {
        let rules = json!([
            {"to": {"method": "POST"}, "skip": 1, "times": 1, "status": 503},
            {"to": {"path": "/v1/lint"}, "json": {"a": {"$nested": 2}}},
            {"to": {"path": "/.well-known/stigmem"}, "hang": true},
        ]);
        let mut script = script(&json!({"answers": rules}));
        let mut request = asked("POST", "/v1/facts", &json!({}));
        request.body = json!({"entity": "e"});
        let statuses: Vec<u16> = (0..3).map(|_| script.answer(&request).status).collect();
        assert_eq!(statuses, [201, 503, 201]);
        let lint = script.answer(&asked("GET", "/v1/lint", &json!({})));
        assert_eq!((lint.status, lint.body.as_str()), (200, "{\"a\":[[]]}"));
        assert!(
            script
                .answer(&asked("GET", "/.well-known/stigmem", &json!({})))
                .fault
                .unwrap()
                .hang
        );
    }

    #[test]
    fn members_of_the_document_are_replaced_and_left_out() {
        let mut script = script(&json!({"discovery": {"version": {"$absent": true}, "auth": 7}}));
        let document = body(&script.answer(&asked("GET", "/.well-known/stigmem", &json!({}))));
        assert_eq!((document.get("version"), &document["auth"]), (None, &json!(7)));
    }
}
