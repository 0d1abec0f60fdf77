//! What the tools answer: the answers of the node, member for member, without what it adds of its own.

use rmcp::schemars;
use serde::{Deserialize, Serialize};

use crate::operator::record::{FactRecord, FactValue};

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct FactPage {
    /// Newest first.
    facts: Vec<FactRecord>,
    /// How many match in all; null when the node did not count.
    total: Option<u64>,
    /// For the next call; null on the last page.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct ConflictPage {
    conflicts: Vec<Conflict>,
    /// For the next call; null on the last page.
    cursor: Option<String>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct Conflict {
    /// For resolve_contradiction.
    conflict_id: String,
    fact_a: Option<FactRecord>,
    fact_b: Option<FactRecord>,
    /// unresolved or resolved.
    status: String,
    /// The id of the fact that settled it.
    resolved_by: Option<String>,
    detected_at: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct Resolution {
    /// The id of the fact that says what holds.
    resolution_fact_id: String,
    conflict_status: String,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct LintReport {
    /// Empty: there is nothing to do.
    findings: Vec<Finding>,
    checked_at: String,
    scope: String,
    checks_run: Vec<String>,
    /// How many facts were looked at.
    fact_count: u64,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct Finding {
    /// contradiction, stale, orphan, broken_ref or namespacing.
    check: String,
    /// error, warning or info.
    severity: String,
    entity: String,
    relation: Option<String>,
    #[serde(default)]
    fact_ids: Vec<String>,
    detail: String,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct Sweep {
    swept_at: String,
    scope: String,
    /// As asked for; null: the modes of the policies.
    mode: Option<String>,
    facts_evaluated: u64,
    /// How many facts were withdrawn; 0 in a dry run.
    facts_retracted: u64,
    /// How many facts are believed less; 0 in a dry run.
    facts_reduced: u64,
    dry_run_would_retract: u64,
    dry_run_would_reduce: u64,
    policies_applied: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct Synthesis {
    /// One entry for each statement that holds.
    summary: Vec<Entry>,
    synthesized_at: String,
    scope: String,
    /// How many facts took part.
    fact_count: u64,
    /// How many entries are contradicted.
    contradiction_count: u64,
    /// How many entries min_confidence left out.
    filtered_count: u64,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
pub(super) struct Entry {
    entity: String,
    relation: String,
    scope: String,
    /// What to act upon.
    value: FactValue,
    confidence: f64,
    hlc: Option<String>,
    /// Whether somebody disagrees.
    contradicted: bool,
    /// What they say instead.
    alt_value: Option<FactValue>,
    alt_confidence: Option<f64>,
}
