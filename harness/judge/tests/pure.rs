//! The files of `vectors/pure/` are well formed, and the harness's own functions agree with every one of them.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stigmem_judge::judge::pattern;
use stigmem_judge::protocol::cid::{self, Content};
use stigmem_judge::protocol::hlc::{self, Hlc};
use stigmem_judge::protocol::{
    instant,
    peering::{self, Signer},
    uri,
};

#[test]
fn every_file_follows_the_schema() {
    let validator = validator();
    for (path, file) in files() {
        let errors: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}:\n{}", path.display(), errors.join("\n"));
    }
}

#[test]
fn the_schema_refuses_broken_files() {
    let whole = |function: &str, vector: Value| json!({ "function": function, "title": "t", "vectors": [vector] });
    let vector = |input: Value, output: Value| json!({ "id": "a-b", "covers": ["HLC-01"], "why": "long enough to say", "input": input, "output": output });
    let with = |member: &str, value: Value| {
        let mut edited = vector(json!("user:a"), json!("user:a"));
        edited[member] = value;
        whole("uri-normalise", edited)
    };
    let patterns = |output: Value, more: (&str, Value)| {
        let mut vector =
            json!({ "id": "a-b", "why": "long enough to say", "input": { "pattern": 1 }, "output": output });
        vector[more.0] = more.1;
        whole("pattern-match", vector)
    };
    let validator = validator();
    for control in [
        with("open", json!("long enough to say")),
        patterns(json!({ "matches": false, "at": "/a" }), ("operator", json!("$size"))),
    ] {
        assert!(validator.is_valid(&control), "the control: {control}");
    }
    let content = json!({
        "entity": "user:a", "relation": "r", "value": { "type": "null" }, "source": "user:a", "scope": "local",
        "confidence": "1", "valid_until": "tomorrow",
    });
    for broken in [
        whole("no-such-function", vector(json!("user:a"), json!("user:a"))),
        whole("hlc-read", vector(json!("1.0"), json!("1.0"))),
        whole("hlc-emit", vector(json!({ "wall": 1, "counter": 0 }), json!("1.0"))),
        whole("float-text", vector(json!("1.0"), json!("1"))),
        whole("canonical-bytes", vector(content, json!("{\"confidence\":1.0}"))),
        with("refused", json!(true)),
        with("id", json!("A b")),
        with("covers", json!([])),
        with("why", json!("short")),
        with("note", json!("an unknown member")),
        with("operator", json!("$size")),
        patterns(json!({ "matches": false }), ("operator", json!("$size"))),
        patterns(json!({ "matches": true, "at": "" }), ("operator", json!("$size"))),
        patterns(json!({ "matches": false, "at": "a" }), ("operator", json!("$size"))),
        patterns(json!({ "matches": true }), ("covers", json!(["HLC-01"]))),
        whole(
            "hlc-read",
            json!({ "id": "a-b", "why": "long enough to say", "input": "1.0", "refused": true }),
        ),
    ] {
        assert!(!validator.is_valid(&broken), "{broken}");
    }
}

#[test]
fn ids_are_unique_and_every_function_has_vectors() {
    let (mut ids, mut functions) = (BTreeSet::new(), BTreeSet::new());
    for (path, file) in files() {
        functions.insert(text(&file["function"]).to_owned());
        for vector in vectors(&file) {
            let id = text(&vector["id"]).to_owned();
            assert!(ids.insert(id.clone()), "{}: the id {id} is used twice", path.display());
        }
    }
    let schema: Value = read(&root().join("schemas/pure.schema.json"));
    let known = schema["properties"]["function"]["enum"].as_array().unwrap();
    assert_eq!(functions, known.iter().map(|name| text(name).to_owned()).collect());
}

/// What the harness leaves to the nodes that it judges: its peers sign, and do not verify.
const OF_NODES: [&str; 2] = ["declaration-verify", "token-verify"];

#[test]
fn the_harness_agrees_with_every_vector() {
    let mut disagreements = Vec::new();
    for (path, file) in files()
        .into_iter()
        .filter(|(_, file)| !OF_NODES.contains(&text(&file["function"])))
    {
        for vector in vectors(&file) {
            let answer = answer(text(&file["function"]), &vector["input"]);
            // A refused vector has no output, as a refusing function has no answer.
            if answer.as_ref() != vector.get("output") {
                disagreements.push(format!("{} {}: {answer:?} instead", path.display(), vector["id"]));
            }
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// A matcher that grows lenient is found only where something must not match.
#[test]
fn every_operator_has_one_vector_that_matches_and_two_that_do_not() {
    let files = files();
    let patterns = files.iter().filter(|(_, file)| file["function"] == "pattern-match");
    let patterns: Vec<&Value> = patterns.flat_map(|(_, file)| vectors(file)).collect();
    for name in pattern::OPERATORS {
        let count = |matches: bool| {
            let of_operator = patterns.iter().filter(|vector| vector["operator"] == name);
            of_operator
                .filter(|vector| vector["output"]["matches"] == matches)
                .count()
        };
        assert!(count(true) >= 1 && count(false) >= 2, "{name} has too few vectors");
    }
    let unknown = patterns.iter().filter_map(|vector| vector["operator"].as_str());
    let unknown: Vec<&str> = unknown.filter(|name| !pattern::OPERATORS.contains(name)).collect();
    assert!(unknown.is_empty(), "no operators: {unknown:?}");
}

#[test]
fn every_normalised_name_is_a_fixpoint() {
    let mut names = 0;
    for (_, file) in files()
        .into_iter()
        .filter(|(_, file)| file["function"] == "uri-normalise")
    {
        for normal in vectors(&file).iter().filter_map(|vector| vector.get("output")) {
            assert_eq!(uri::normalise(text(normal)).as_deref(), Ok(text(normal)));
            names += 1;
        }
    }
    assert!(names > 0, "there are no names to look at");
}

/// What the harness says to an input: an output, or nothing when it refuses.
fn answer(function: &str, input: &Value) -> Option<Value> {
    match function {
        "hlc-read" => {
            let read: Hlc = text(input).parse().ok()?;
            Some(json!({ "wall": read.wall, "counter": read.counter }))
        }
        "hlc-compare" => {
            let (a, b): (Hlc, Hlc) = (text(&input["a"]).parse().ok()?, text(&input["b"]).parse().ok()?);
            Some(order(a.cmp(&b)))
        }
        "hlc-tick" => emitted(hlc::tick(integer(&input["now"]), last(input)?)?),
        "hlc-merge" => {
            let received = text(&input["received"]).parse().ok()?;
            emitted(hlc::merge(integer(&input["now"]), last(input)?, received)?)
        }
        "hlc-emit" => emitted(Hlc::new(integer(&input["wall"]), integer(&input["counter"]))),
        "uri-normalise" => uri::normalise(text(input)).ok().map(Value::from),
        "float-text" => {
            let double = text(input).parse::<f64>().ok().filter(|double| double.is_finite())?;
            Some(cid::float_text(double).into())
        }
        "canonical-bytes" => with_content(input, cid::canonical_bytes),
        "content-id" => with_content(input, cid::cid),
        "declaration-bytes" => Some(peering::declaration_bytes(input.as_object()?).into()),
        "token-mint" => {
            let seed = data_encoding::HEXLOWER.decode(text(&input["seed"]).as_bytes()).ok()?;
            let members = ["iss", "sub", "iat", "exp", "nonce", "scopes"];
            let claims = members.map(|name| (name.to_owned(), input[name].clone()));
            let signer = Signer::from_seed(seed.try_into().ok()?);
            Some(peering::token(peering::HEADER, &claims, &signer).into())
        }
        "instant-compare" => {
            let (a, b) = (
                instant::parse(text(&input["a"])).ok()?,
                instant::parse(text(&input["b"])).ok()?,
            );
            Some(order(a.cmp(&b)))
        }
        "pattern-match" => {
            pattern::check(&input["pattern"]).ok()?;
            Some(match pattern::matches(&input["pattern"], input.get("value")) {
                Ok(()) => json!({ "matches": true }),
                Err(wrong) => json!({ "matches": false, "at": wrong.pointer }),
            })
        }
        other => panic!("no function of the harness answers {other}"),
    }
}

fn with_content(input: &Value, function: impl Fn(&Content<'_>) -> String) -> Option<Value> {
    let (entity, source) = (
        uri::normalise(text(&input["entity"])).ok()?,
        uri::normalise(text(&input["source"])).ok()?,
    );
    let value = &input["value"];
    let literal = match value.get("literal") {
        Some(literal) => text(literal).to_owned(),
        None => value.get("v").unwrap_or(&Value::Null).to_string(),
    };
    let value_type = text(&value["type"]);
    let content = Content {
        confidence: text(&input["confidence"]).parse().ok()?,
        entity: &entity,
        relation: text(&input["relation"]),
        scope: text(&input["scope"]),
        source: &source,
        value_type,
        value_text: &cid::storage_text(value_type, &literal).ok()?,
    };
    Some(function(&content).into())
}

fn emitted(clock: Hlc) -> Option<Value> {
    let text = clock.emitted()?;
    assert!(hlc::is_emitted_form(&text), "{text}");
    assert_eq!(text.parse(), Ok(clock), "what is emitted reads back");
    Some(text.into())
}

fn last(input: &Value) -> Option<Hlc> {
    match &input["last"] {
        Value::Null => Some(Hlc::default()),
        last => text(last).parse().ok(),
    }
}

fn order(order: Ordering) -> Value {
    match order {
        Ordering::Less => "before",
        Ordering::Equal => "equal",
        Ordering::Greater => "after",
    }
    .into()
}

fn validator() -> jsonschema::Validator {
    // Both are off by default, and a format would then be a remark that nobody checks.
    jsonschema::options()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .build(&read(&root().join("schemas/pure.schema.json")))
        .expect("the schema is a JSON Schema")
}

fn files() -> Vec<(PathBuf, Value)> {
    let folder = root().join("vectors/pure");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "{} has no files", folder.display());
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn vectors(file: &Value) -> &[Value] {
    file["vectors"].as_array().expect("a file has a list of vectors")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn integer(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no integer"))
}
