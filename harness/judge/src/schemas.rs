//! The JSON Schemas, compiled once. Formats are asserted, unknown formats are errors.

use std::collections::BTreeMap;

use jsonschema::{PatternOptions, Registry, Validator};
use serde_json::Value;

use crate::{data::Data, error::InputError};

/// Schemas by short name: `wire/fact`, `vector`, `report`.
pub struct Schemas {
    validators: BTreeMap<String, Validator>,
}

impl std::fmt::Debug for Schemas {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_set().entries(self.validators.keys()).finish()
    }
}

/// The first thing that is wrong with an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON Pointer into the instance.
    pub pointer: String,
    pub message: String,
}

impl Schemas {
    pub fn load(data: &Data) -> Result<Self, InputError> {
        let mut sources = Vec::new();
        for (file, text) in data.below("schemas/", ".json") {
            let schema: Value = serde_json::from_str(text)
                .map_err(|error| InputError::at(file, "", format!("is not JSON: {error}")))?;
            if let Some(uri) = schema["$id"].as_str().map(str::to_owned) {
                sources.push((file, uri, schema));
            }
        }
        let mut registry = Registry::new();
        for (file, uri, schema) in &sources {
            registry = registry
                .add(uri, schema)
                .map_err(|error| InputError::at(*file, "/$id", error.to_string()))?;
        }
        let registry = registry
            .prepare()
            .map_err(|error| InputError::at("schemas", "", error.to_string()))?;
        let mut validators = BTreeMap::new();
        for (file, uri, schema) in &sources {
            let validator = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .with_registry(&registry)
                .should_validate_formats(true)
                .should_ignore_unknown_formats(false)
                // Linear in the length of what a node sent, whatever the pattern.
                .with_pattern_options(PatternOptions::regex())
                .build(schema)
                .map_err(|error| InputError::at(*file, &error.instance_path().to_string(), error.to_string()))?;
            validators.insert(uri.trim_start_matches("urn:stigmem:").replace(':', "/"), validator);
        }
        Ok(Self { validators })
    }

    pub fn contains(&self, name: &str) -> bool {
        self.validators.contains_key(name)
    }

    /// `None` when `instance` is valid under the schema of this name.
    pub fn mismatch(&self, name: &str, instance: &Value) -> Option<Mismatch> {
        let Some(validator) = self.validators.get(name) else {
            return Some(Mismatch {
                pointer: String::new(),
                message: format!("there is no schema {name:?}"),
            });
        };
        let error = validator.iter_errors(instance).next()?;
        // The instance is the node's text and may be large: the message names the rule, not the value.
        let message = format!(
            "{} (schema {name}, {})",
            error.masked_with("the value"),
            error.schema_path()
        );
        Some(Mismatch {
            pointer: error.instance_path().to_string(),
            message,
        })
    }

    /// Asserts that one of the user's or our own files is what its schema says.
    pub fn check_file(&self, schema: &str, file: &str, instance: &Value) -> Result<(), InputError> {
        match self.mismatch(schema, instance) {
            None => Ok(()),
            Some(wrong) => Err(InputError::at(file, &wrong.pointer, wrong.message)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
