//! `report.json`: the report itself, for programs. `schemas/report.schema.json` describes it.

use super::{Report, figures};
use crate::error::RunError;

pub fn render(report: &Report) -> Result<String, RunError> {
    let mut text = serde_json::to_string_pretty(report).map_err(|error| figures::unwritable("JSON", error))?;
    text.push('\n');
    Ok(text)
}
