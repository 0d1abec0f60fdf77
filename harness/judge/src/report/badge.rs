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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::tests::sample;

    /// The badge of a report so long after its run began.
    fn after(report: &Report, ms: i64) -> Badge {
        let started: jiff::Timestamp = report.started.parse().unwrap();
        of(report, started.as_millisecond() + ms)
    }

    #[test]
    fn a_badge_greys_after_ninety_days() {
        const NINETY_DAYS: i64 = 7_776_000_000;
        let report = Report {
            conclusion: Conclusion::Conformant,
            ..sample::report()
        };
        let good = Badge {
            label: "Stigmem core".to_owned(),
            message: "1/7 MUST · 2026-01-02 · kit 0.1.0".to_owned(),
            colour: Colour::Green,
        };
        assert_eq!(after(&report, 0), good);
        assert_eq!(after(&report, NINETY_DAYS), good);
        let expired = Badge {
            message: "1/7 MUST · 2026-01-02 · kit 0.1.0 · expired".to_owned(),
            colour: Colour::Grey,
            ..good
        };
        assert_eq!(after(&report, NINETY_DAYS + 1), expired);
        let undated = Report {
            started: "yesterday".to_owned(),
            ..report
        };
        assert_eq!(of(&undated, 0).colour, Colour::Grey);
    }

    #[test]
    fn a_badge_of_a_selection_says_so() {
        let mut report = sample::report();
        report.selection = vec!["paging".to_owned()];
        assert_eq!(
            after(&report, 0).message,
            "1/7 MUST (selection) · 2026-01-02 · kit 0.1.0"
        );
    }

    #[test]
    fn a_badge_has_the_colour_of_its_conclusion() {
        for (conclusion, colour, hex) in [
            (Conclusion::Conformant, Colour::Green, "2f7d32"),
            (Conclusion::Undetermined, Colour::Yellow, "8a6100"),
            (Conclusion::SelectionPassed, Colour::Yellow, "8a6100"),
            (Conclusion::AsExpected, Colour::Yellow, "8a6100"),
            (Conclusion::NotConformant, Colour::Red, "b3261e"),
            (Conclusion::SelectionFailed, Colour::Red, "b3261e"),
            (Conclusion::Unreachable, Colour::Grey, "6b6b6b"),
            (Conclusion::HarnessError, Colour::Grey, "6b6b6b"),
        ] {
            let report = Report {
                conclusion,
                ..sample::report()
            };
            let badge = after(&report, 0);
            assert_eq!(badge.colour, colour, "{conclusion:?}");
            let shield: Value = serde_json::from_str(&badge.json().unwrap()).unwrap();
            assert_eq!(
                shield,
                json!({"schemaVersion": 1, "label": badge.label, "message": badge.message, "color": hex})
            );
        }
    }

    #[test]
    fn a_picture_is_as_wide_as_its_texts() {
        let badge = Badge {
            label: "ab".to_owned(),
            message: "<bcd".to_owned(),
            colour: Colour::Red,
        };
        let picture = badge.svg().unwrap();
        for part in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"63\" height=\"20\"",
            "<rect width=\"25\" height=\"20\" fill=\"#444\"/><rect x=\"25\" width=\"38\" height=\"20\" fill=\"#b3261e\"/>",
            "<text x=\"12\" y=\"14\">ab</text><text x=\"44\" y=\"14\">&#60;bcd</text>",
        ] {
            assert!(picture.contains(part), "{part}: {picture}");
        }
    }
}
