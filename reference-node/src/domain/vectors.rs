//! The node's own readings of the pure rules, held to `vectors/pure/`, which are written for any implementation.

use std::cmp::Ordering;
use std::fs;
use std::path::Path;

use serde_json::{Value as Vector, json};
use sha2::{Digest, Sha256};

use super::cid::{Cid, Covered};
use super::hlc::Hlc;
use super::instant::Instant;
use super::scope::Scope;
use super::value::Value;
use super::{json as reader, number, uri};

mod peering;

#[test]
fn the_node_agrees_with_every_vector() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/pure");
    let (mut judged, mut disagreements) = (0, Vec::new());
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Vector = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let function = text(&file["function"]);
        // Tokens of this node last an hour and list their scopes in one order, so that only some of these could be its own.
        // Patterns are of the vector files, and no node has any.
        if ["token-mint", "pattern-match"].contains(&function) {
            continue;
        }
        for vector in file["vectors"].as_array().unwrap() {
            judged += 1;
            let answer = answer(function, &vector["input"]);
            if !holds(function, vector, answer.as_ref()) {
                disagreements.push(format!("{}: {answer:?} instead", vector["id"]));
            }
        }
    }
    assert!(judged > 300, "only {judged} vectors were found");
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// An answer is the output. Where the specification is open any is right, save that a name has to be a fixpoint.
fn holds(function: &str, vector: &Vector, answer: Option<&Vector>) -> bool {
    if vector.get("open").is_none() {
        return answer == expected(function, vector).as_ref();
    }
    if function == "token-verify" && vector.get("refused").is_some() {
        return answer.is_some_and(|answer| answer["code"].is_string());
    }
    match (function, answer) {
        ("uri-normalise", Some(name)) => uri::normalise(text(name)).as_deref() == Ok(text(name)),
        _ => true,
    }
}

/// The node keeps its canonical bytes to itself, so they are compared by their hash.
fn expected(function: &str, vector: &Vector) -> Option<Vector> {
    if let Some(code) = vector.get("code") {
        return Some(json!({ "code": code }));
    }
    let output = vector.get("output")?;
    if function == "token-verify" {
        // The node knows a set of scopes and no order of them.
        let named = |scope: &Scope| {
            output["scopes"]
                .as_array()
                .is_some_and(|words| words.contains(&scope.word().into()))
        };
        let scopes: Vec<&str> = Scope::ALL
            .iter()
            .filter(|scope| named(scope))
            .map(|scope| scope.word())
            .collect();
        return Some(json!({ "iss": output["iss"], "scopes": scopes }));
    }
    if function != "canonical-bytes" {
        return Some(output.clone());
    }
    Some(Cid(Sha256::digest(text(output)).into()).text().into())
}

fn answer(function: &str, input: &Vector) -> Option<Vector> {
    match function {
        "hlc-tick" => {
            let last = input["last"].as_str().map_or(Some(Hlc::default()), clock)?;
            Some(last.next(integer(&input["now"])).to_string().into())
        }
        "hlc-emit" => Some(
            Hlc {
                wall: integer(&input["wall"]),
                counter: integer(&input["counter"]),
            }
            .to_string()
            .into(),
        ),
        "hlc-read" => {
            let read = Hlc::read(text(input))?;
            Some(json!({ "wall": read.wall, "counter": read.counter }))
        }
        "hlc-compare" => {
            let (a, b) = (clock(text(&input["a"]))?, clock(text(&input["b"]))?);
            Some(order(a.cmp(&b)))
        }
        "hlc-merge" => {
            let last = input["last"].as_str().map_or(Some(Hlc::default()), clock)?;
            let received = clock(text(&input["received"]))?;
            Some(last.merge(received, integer(&input["now"])).to_string().into())
        }
        "uri-normalise" => uri::normalise(text(input)).ok().map(Vector::from),
        "float-text" => {
            let double = text(input).parse::<f64>().ok().filter(|double| double.is_finite())?;
            Some(number::float_text(double).into())
        }
        "canonical-bytes" | "content-id" => content_id(input),
        "instant-compare" => {
            let (a, b) = (Instant::parse(text(&input["a"]))?, Instant::parse(text(&input["b"]))?);
            Some(order(a.cmp(&b)))
        }
        "declaration-bytes" => Some(peering::declaration(input)?.signed_text().into()),
        "declaration-verify" => peering::verified(input),
        "token-verify" => Some(peering::token(input).unwrap_or_else(|code| json!({ "code": code }))),
        other => panic!("no function of the node answers {other}"),
    }
}

fn content_id(input: &Vector) -> Option<Vector> {
    // Put together as text, so that the literal reaches the node's reader as it was written.
    let v = match (input["value"].get("literal"), input["value"].get("v")) {
        (Some(literal), _) => format!(r#","v":{}"#, text(literal)),
        (None, Some(v)) => format!(r#","v":{v}"#),
        (None, None) => String::new(),
    };
    let body = format!(r#"{{"type":{}{v}}}"#, input["value"]["type"]);
    let value = Value::from_json(&reader::read(body.as_bytes()).ok()?).ok()?;
    let (entity, source) = (
        uri::normalise(text(&input["entity"])).ok()?,
        uri::normalise(text(&input["source"])).ok()?,
    );
    let covered = Covered {
        entity: &entity,
        relation: text(&input["relation"]),
        value: &value,
        source: &source,
        confidence: text(&input["confidence"]).parse().ok()?,
        scope: Scope::parse(text(&input["scope"]))?,
    };
    Some(covered.cid().text().into())
}

fn clock(text: &str) -> Option<Hlc> {
    Hlc::read(text)
}

fn order(order: Ordering) -> Vector {
    json!(match order {
        Ordering::Less => "before",
        Ordering::Equal => "equal",
        Ordering::Greater => "after",
    })
}

fn text(value: &Vector) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn integer(value: &Vector) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no integer"))
}
