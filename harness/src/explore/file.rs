//! Scripts as vector files, written and read.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    data::Data,
    error::InputError,
    registry::Registry,
    schemas::Schemas,
    vectors::{self, Vectors, lint},
};

/// A case of these steps, as it stands in a vector file.
pub fn case(id: &str, why: &str, nodes: &[&str], steps: &[Value]) -> Value {
    json!({
        "id": id,
        "covers": ["RLY-06", "RLY-08", "RLY-09", "RLY-10"],
        "why": why,
        "world": {"nodes": nodes},
        "steps": steps,
    })
}

/// A vector file with this case; it belongs into `vectors/relay/`.
pub fn file(title: &str, case: &Value) -> Value {
    json!({"area": AREA, "title": title, "cases": [case]})
}

/// The file as text, with one step on a line, as the vectors are written.
pub fn text(file: &Value) -> String {
    let case = &file["cases"][0];
    let member = |name: &str| format!("      \"{name}\": {},\n", case[name]);
    let head = ["id", "covers", "why", "world"].map(member).concat();
    let steps = case["steps"].as_array().into_iter().flatten();
    let steps: Vec<String> = steps.map(|step| format!("        {step}")).collect();
    format!(
        "{{\n  \"area\": {},\n  \"title\": {},\n  \"cases\": [\n    {{\n{head}      \"steps\": [\n{}\n      ]\n    }}\n  ]\n}}\n",
        file["area"],
        file["title"],
        steps.join(",\n")
    )
}

/// The folder of the vectors that such files belong into.
pub const AREA: &str = "relay";

/// The cases of a vector file, checked as `spec lint` checks them.
pub fn read(place: &str, text: &str, registry: &Registry, schemas: &Schemas) -> Result<Vectors, InputError> {
    let json: Value =
        serde_json::from_str(text).map_err(|error| InputError::at(place, "", format!("is not JSON: {error}")))?;
    schemas.check_file("vector", place, &json)?;
    let area = json["area"].as_str().unwrap_or_default();
    let base = Path::new(place).file_name().unwrap_or_default().to_string_lossy();
    let name = format!("vectors/{area}/{base}");
    let named = |error: InputError| InputError {
        place: place.to_owned(),
        ..error
    };
    let vectors = vectors::load(&Data::of([(name.clone(), text.to_owned())]), schemas).map_err(named)?;
    // The specification has requirements that this file says nothing about; that is no fault of the file.
    let problems = lint::lint(&vectors, registry, schemas, &registry.features());
    match problems.into_iter().find(|problem| problem.place == name) {
        Some(problem) => Err(named(problem)),
        None => Ok(vectors),
    }
}
