//! A badge: what was judged, how much of it passed, with which version, and when. It greys when it is old.

use askama::Template;
use serde::Serialize;

use super::{Conclusion, Report, curl::visible, figures};
use crate::error::RunError;

/// What is shown, in two halves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    pub label: String,
    pub message: String,
    pub colour: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Conformant.
    Green,
    /// Not all could be judged, or all failures are known ones.
    Yellow,
    Red,
    /// It says nothing any more.
    Grey,
}

/// The badge of a report, seen at a time in milliseconds since 1970.
pub fn of(report: &Report, now_ms: i64) -> Badge {
    let coverage = &report.coverage;
    let date = report.started.split('T').next().unwrap_or_default();
    let started = report.started.parse::<jiff::Timestamp>().ok();
    let expired = started.is_none_or(|started| now_ms - started.as_millisecond() > LIFETIME_MS);
    let selected = if report.selection.is_empty() {
        ""
    } else {
        " (selection)"
    };
    let mut message = format!(
        "{}/{} MUST{selected} · {date} · kit {}",
        coverage.passed, coverage.musts, report.kit
    );
    if expired {
        message.push_str(" · expired");
    }
    Badge {
        label: visible(&format!("Stigmem {}", report.profile), 60),
        message: visible(&message, 120),
        colour: if expired {
            Colour::Grey
        } else {
            colour(report.conclusion)
        },
    }
}

fn colour(conclusion: Conclusion) -> Colour {
    match conclusion {
        Conclusion::Conformant => Colour::Green,
        Conclusion::Undetermined | Conclusion::SelectionPassed | Conclusion::AsExpected => Colour::Yellow,
        Conclusion::NotConformant | Conclusion::SelectionFailed => Colour::Red,
        Conclusion::Unreachable | Conclusion::HarnessError => Colour::Grey,
    }
}

impl Colour {
    fn hex(self) -> &'static str {
        match self {
            Self::Green => "2f7d32",
            Self::Yellow => "8a6100",
            Self::Red => "b3261e",
            Self::Grey => "6b6b6b",
        }
    }
}

impl Badge {
    pub fn svg(&self) -> Result<String, RunError> {
        let (left, right) = (width(&self.label), width(&self.message));
        let picture = Picture {
            badge: self,
            colour: self.colour.hex(),
            left,
            right,
            whole: left + right,
            middle_left: left / 2,
            middle_right: left + right / 2,
        };
        picture.render().map_err(|error| figures::unwritable("SVG", error))
    }

    /// For the endpoint badge of shields.io.
    pub fn json(&self) -> Result<String, RunError> {
        let shield = Shield {
            schema_version: 1,
            label: &self.label,
            message: &self.message,
            color: self.colour.hex(),
        };
        let text = serde_json::to_string_pretty(&shield).map_err(|error| figures::unwritable("JSON", error))?;
        Ok(text + "\n")
    }
}

/// Pixels that a text takes in the badge's font, about.
fn width(text: &str) -> usize {
    text.chars().count() * 65 / 10 + 12
}

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Picture<'a> {
    badge: &'a Badge,
    colour: &'static str,
    left: usize,
    right: usize,
    whole: usize,
    middle_left: usize,
    middle_right: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shield<'a> {
    schema_version: u8,
    label: &'a str,
    message: &'a str,
    color: &'a str,
}

/// After this a claim says little about the node that runs today.
const LIFETIME_MS: i64 = 90 * 86_400_000;
