//! From a step to the request that is sent.

use serde_json::{Map, Value, json};

use crate::{
    bindings::Bindings,
    body,
    vectors::{Credential, Edit, KeyWish, Step, Verb, step::RequestTemplate},
    world::http::{Outgoing, percent},
};

/// A request with its names filled in, in the shape that `refuse` edits.
#[derive(Debug, Clone)]
pub(super) struct Ready {
    pub document: Value,
    pub credential: Credential,
}

/// The request of a step that sends one. The error is the vector's or ours.
pub(super) fn ready(step: &Step, bindings: &Bindings, control: Option<&Ready>) -> Result<Ready, String> {
    if let Verb::Refuse(edit) = &step.verb {
        let control = control.ok_or("refuse stands before any step marked control")?;
        return edited(control, edit, &step.credential, bindings);
    }
    let document = match &step.verb {
        Verb::Assert(body) => post("/v1/facts", &with_source(body)),
        Verb::Query(query) => json!({"method": "GET", "path": "/v1/facts", "query": query}),
        Verb::Get(path) => json!({"method": "GET", "path": path}),
        Verb::Fact(id) => {
            let id = bindings.fill_text(id).map_err(|unbound| unbound.to_string())?;
            json!({"method": "GET", "path": format!("/v1/facts/{}", percent(&id))})
        }
        Verb::Resolve { conflict, body } => {
            let id = bindings.fill_text(conflict).map_err(|unbound| unbound.to_string())?;
            post(
                &format!("/v1/conflicts/{}/resolve", percent(&id)),
                &Value::Object(body.clone()),
            )
        }
        Verb::Request(template) => of_template(template),
        other => return Err(format!("{} sends no single request", other.name())),
    };
    let document = bindings.fill_value(&document).map_err(|unbound| unbound.to_string())?;
    Ok(Ready {
        document,
        credential: step.credential.clone(),
    })
}

pub(super) fn post(path: &str, body: &Value) -> Value {
    json!({"method": "POST", "path": path, "headers": {"content-type": "application/json"}, "json": body})
}

/// An assertion that names no source has the case's own.
pub(super) fn with_source(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(members) = body
        .as_object_mut()
        .filter(|members| !members.keys().any(|name| name.starts_with('$')))
    {
        members.entry("source").or_insert_with(|| "{ns}/agent/harness".into());
    }
    body
}

pub(super) fn of_template(template: &RequestTemplate) -> Value {
    let mut headers = template.headers.clone();
    let mut document = json!({
        "method": template.method.as_deref().unwrap_or("GET"), "path": template.path, "query": template.query,
    });
    if let Some(body) = &template.json {
        headers
            .entry("content-type")
            .or_insert_with(|| "application/json".into());
        document["json"] = body.clone();
    }
    if let Some(text) = &template.text {
        document["text"] = text.clone();
    }
    if let Some(bytes) = &template.bytes {
        document["bytes"] = bytes.as_str().into();
    }
    document["headers"] = headers.into();
    document
}

fn edited(control: &Ready, edit: &Edit, own: &Credential, bindings: &Bindings) -> Result<Ready, String> {
    let mut ready = control.clone();
    if *own != Credential::Ordinary {
        ready.credential = own.clone();
    }
    for (pointer, value) in edit {
        let value = bindings.fill_value(value).map_err(|unbound| unbound.to_string())?;
        if pointer == "/as" {
            ready.credential = credential(&value)?;
            continue;
        }
        if pointer == "/text" || pointer == "/bytes" {
            remove(&mut ready.document, "json");
        }
        set(&mut ready.document, pointer, value)?;
    }
    Ok(ready)
}

fn credential(value: &Value) -> Result<Credential, String> {
    match (
        value,
        value.get("bearer").and_then(Value::as_str),
        value.get("header").and_then(Value::as_str),
    ) {
        (Value::Null, ..) => Ok(Credential::None),
        (Value::String(name), ..) => Ok(Credential::Named(name.clone())),
        (_, Some(key), _) => Ok(Credential::Bearer(key.to_owned())),
        (_, _, Some(header)) => Ok(Credential::Header(header.to_owned())),
        _ => Err("/as names a key, is null, or has one of bearer and header".to_owned()),
    }
}

fn remove(document: &mut Value, name: &str) {
    if let Some(members) = document.as_object_mut() {
        members.remove(name);
    }
}

pub(super) fn set(document: &mut Value, pointer: &str, value: Value) -> Result<(), String> {
    let (parent, name) = pointer
        .rsplit_once('/')
        .ok_or_else(|| format!("{pointer:?} is not a JSON Pointer"))?;
    let name = name.replace("~1", "/").replace("~0", "~");
    if matches!(parent, "/query" | "/headers") && document.pointer(parent).is_none() {
        document[&parent[1..]] = json!({});
    }
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.insert(name, value);
            Ok(())
        }
        Some(Value::Array(items)) => {
            let place = name.parse::<usize>().ok().and_then(|n| items.get_mut(n));
            place
                .map(|place| *place = value)
                .ok_or_else(|| format!("{pointer}: no such element in the control"))
        }
        _ => Err(format!("{pointer}: the control has no {parent}")),
    }
}

/// The request as it goes to the client, without credentials.
pub(super) fn outgoing(document: &Value) -> Result<Outgoing, String> {
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    let mut out = Outgoing {
        method: text("method"),
        target: text("path"),
        ..Outgoing::default()
    };
    let query = query_string(document["query"].as_object());
    if !query.is_empty() {
        out.target.push(if out.target.contains('?') { '&' } else { '?' });
        out.target.push_str(&query);
    }
    for (name, value) in document["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !body::is_absent(value))
    {
        out.headers.push((
            name.clone(),
            value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        ));
    }
    out.body = if let Some(body) = document.get("json") {
        body::emit(body)?.into_bytes()
    } else if let Some(hex) = document["bytes"].as_str() {
        data_encoding::HEXLOWER_PERMISSIVE
            .decode(hex.as_bytes())
            .map_err(|error| format!("bytes: {error}"))?
    } else {
        match document.get("text") {
            Some(Value::Object(members)) => body::repeated(members)?.into_bytes(),
            Some(text) => text.as_str().unwrap_or_default().as_bytes().to_vec(),
            None => Vec::new(),
        }
    };
    Ok(out)
}

fn query_string(query: Option<&Map<String, Value>>) -> String {
    let mut parts = Vec::new();
    for (name, value) in query.into_iter().flatten() {
        let values = match value {
            Value::Array(values) => values.clone(),
            Value::Null => continue,
            value if body::is_absent(value) => continue,
            Value::Object(members) if members.contains_key("$repeat") => {
                vec![body::repeated(members).unwrap_or_default().into()]
            }
            value => vec![value.clone()],
        };
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            parts.push(format!("{}={}", percent(name), percent(&text)));
        }
    }
    parts.join("&")
}

/// The entity that a key of the case is bound to.
pub(super) fn entity_of(wish: &KeyWish, bindings: &Bindings) -> Result<String, String> {
    match &wish.entity {
        Some(entity) => bindings.fill_text(entity).map_err(|unbound| unbound.to_string()),
        None => Ok("agent:conformance".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_changes_one_member_of_the_control() {
        let control = Ready {
            document: post("/v1/facts", &json!({"value": {"v": 1}, "confidence": 1})),
            credential: Credential::Ordinary,
        };
        let edit = |edit: Value| {
            let edit = edit.as_object().unwrap().clone();
            edited(&control, &edit, &Credential::Ordinary, &Bindings::default())
        };
        let changed = edit(json!({"/json/value/v": 2, "/query/a b": "é", "/as": null})).unwrap();
        assert_eq!(changed.document["json"], json!({"value": {"v": 2}, "confidence": 1}));
        assert_eq!(changed.credential, Credential::None);
        assert_eq!(outgoing(&changed.document).unwrap().target, "/v1/facts?a%20b=%C3%A9");
        let without = edit(json!({"/json/confidence": {"$absent": true}})).unwrap();
        assert_eq!(outgoing(&without.document).unwrap().body, b"{\"value\":{\"v\":1}}");
        let text = edit(json!({"/text": "{"})).unwrap();
        assert_eq!(outgoing(&text.document).unwrap().body, b"{");
        assert_eq!(
            outgoing(&text.document).unwrap().headers,
            [("content-type".to_owned(), "application/json".to_owned())]
        );
        assert!(edit(json!({"/json/nothing/there": 1})).is_err());
    }
}
