//! From the short forms of a row to what a trace holds.

use serde_json::{Map, Value};
use stigmem_judge::trace::{Answer, Body, Exchange, Request, Response, StepRecord};

use super::{list, text};

/// The records of `records.json`, by name.
pub(crate) struct Records(Map<String, Value>);

impl Records {
    pub(crate) fn of(file: &Value) -> Self {
        Self(file.as_object().expect("records have names").clone())
    }

    /// The value with all records and ids in it written out.
    pub(crate) fn written_out(&self, value: &Value) -> Value {
        with_texts(&self.with_records(value), &|text| {
            (0..10).fold(text.to_owned(), |text, n| {
                text.replace(&format!("<{n}>"), &format!("00000000-0000-4000-8000-00000000000{n}"))
            })
        })
    }

    fn with_records(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let named =
                    |(name, number): (&String, &Value)| Some((name.strip_prefix('~')?.to_owned(), number.as_u64()?));
                let mut written = match members.iter().find_map(named) {
                    Some((name, number)) => self.record(&name, number),
                    None => Map::new(),
                };
                for (name, value) in members.iter().filter(|(name, _)| !name.starts_with('~')) {
                    written.insert(name.clone(), self.with_records(value));
                }
                for name in members.get("~without").map(list).unwrap_or_default() {
                    written.remove(text(name)).expect("a record lacks only what it has");
                }
                written.into()
            }
            Value::Array(items) => items.iter().map(|item| self.with_records(item)).collect(),
            other => other.clone(),
        }
    }

    fn record(&self, name: &str, number: u64) -> Map<String, Value> {
        let record = self.0.get(name).unwrap_or_else(|| panic!("there is no record {name}"));
        let numbered = with_texts(record, &|text| text.replace("{n}", &number.to_string()));
        let written = self.with_records(&numbered);
        written.as_object().expect("a record is an object").clone()
    }
}

fn with_texts(value: &Value, write: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => write(text).into(),
        Value::Array(items) => items.iter().map(|item| with_texts(item, write)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (write(name), with_texts(value, write)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// What one step did. The exchanges are numbered on from the last before.
pub(crate) fn step_record(did: &Value, last: &mut usize) -> StepRecord {
    let mut record = StepRecord::default();
    for deed in list(did) {
        match exchange(deed, *last + 1) {
            Some(exchange) => {
                *last = exchange.n;
                record.exchanges.push(exchange);
            }
            None => {
                let event = serde_json::from_value(deed.clone());
                record
                    .events
                    .push(event.unwrap_or_else(|error| panic!("{deed}: {error}")));
            }
        }
    }
    record
}

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];
const BESIDE: [&str; 8] = ["sent", "status", "headers", "json", "text", "base64", "silence", "on"];

fn exchange(deed: &Value, n: usize) -> Option<Exchange> {
    let members = deed.as_object()?;
    let method = METHODS.into_iter().find(|method| members.contains_key(*method))?;
    let unknown = members
        .keys()
        .find(|name| *name != method && !BESIDE.contains(&name.as_str()));
    assert_eq!(unknown, None, "{deed}");
    Some(Exchange {
        n,
        on: members.get("on").map(|on| text(on).to_owned()),
        request: Request {
            method: method.to_owned(),
            target: text(&deed[method]).to_owned(),
            headers: Vec::new(),
            body: members
                .get("sent")
                .map(|sent| Body::Text(sent.to_string()))
                .unwrap_or_default(),
        },
        answer: answer(deed),
        took_us: 1,
    })
}

fn answer(deed: &Value) -> Answer {
    if let Some(silence) = deed.get("silence") {
        return Answer::None {
            kind: serde_json::from_value(silence.clone()).expect("a kind of silence"),
            message: "nothing came".to_owned(),
        };
    }
    let body = match (deed.get("json"), deed.get("text"), deed.get("base64")) {
        (Some(json), None, None) => Body::Text(json.to_string()),
        (None, Some(raw), None) => Body::of(text(raw).into()),
        (None, None, Some(bytes)) => Body::Base64(text(bytes).to_owned()),
        _ => panic!("an answer has one body: {deed}"),
    };
    let headers = deed.get("headers").and_then(Value::as_object).into_iter().flatten();
    Answer::Response(Response {
        status: serde_json::from_value(deed["status"].clone()).expect("a status"),
        headers: headers
            .map(|(name, value)| (name.clone(), text(value).to_owned()))
            .collect(),
        body,
    })
}
