//! The judge: whatever a record holds, it answers, and always the same.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    EDITION,
    drawn::{answers, patterns, values},
    records::{logs, names, of_case, steps},
};
use crate::{
    judge::{self, CaseVerdict, Verdict, judge_case, pattern},
    trace::{Answer, Body, CaseRecord, Event, Exchange, Request, Response, StepRecord},
    vectors::{Case, Step, Verb},
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn one_record_has_one_verdict(case in cases(), record in of_case("x".to_owned())) {
        let verdict = judge_case(case, &record, &EDITION.schemas);
        prop_assert_eq!(&judge_case(case, &record, &EDITION.schemas), &verdict);
        prop_assert_eq!(is_sound(&record, &verdict), Ok(()));
    }

    /// The same where most steps go as they should, so that the later ones are reached.
    #[test]
    fn one_record_of_a_node_that_mostly_obeys_has_one_verdict(case in cases(), ways in prop::collection::vec((0..6_u8, steps(), answers(), logs()), 12)) {
        let steps = case.steps().iter().zip(ways);
        let steps = steps.map(|(step, (way, wild, answer, log))| if way == 0 { wild } else { obedient(step, answer, log) });
        let record = CaseRecord {
            case: case.id.clone(),
            names: names(),
            steps: steps.collect(),
            ..CaseRecord::default()
        };
        let verdict = judge_case(case, &record, &EDITION.schemas);
        prop_assert_eq!(&judge_case(case, &record, &EDITION.schemas), &verdict);
        prop_assert_eq!(is_sound(&record, &verdict), Ok(()));
    }

    #[test]
    fn one_run_has_one_set_of_verdicts(records in prop::collection::vec(cases().prop_flat_map(|case| of_case(case.id.clone())), 1..4)) {
        let rules: Vec<Case> = EDITION.vectors.cases.iter().filter(|case| case.every().is_some()).cloned().collect();
        let all = || judge::judge(&EDITION.vectors, &rules, &records, &EDITION.schemas);
        let verdicts = all();
        prop_assert_eq!(&all(), &verdicts);
        for verdict in verdicts.values() {
            prop_assert!(verdict.verdict != Verdict::Pass || verdict.subjects > 0);
        }
    }

    #[test]
    fn a_pattern_holds_or_says_where_it_does_not(pattern in patterns(), value in values()) {
        let found = pattern::matches(&pattern, Some(&value));
        prop_assert_eq!(&pattern::matches(&pattern, Some(&value)), &found);
        if let Err(wrong) = found {
            prop_assert!(wrong.expected.len() <= LONGEST_WORDS && wrong.got.len() <= LONGEST_WORDS, "{wrong:?}");
        }
        let _ = pattern::matches(&pattern, None);
    }

    #[test]
    fn a_value_without_operators_matches_itself_and_its_negation_does_not(value in values()) {
        prop_assume!(!value.to_string().contains("\"$"));
        prop_assert_eq!(pattern::matches(&value, Some(&value)), Ok(()));
        prop_assert!(pattern::equal(&value, &value));
        let other = json!({"$not": value});
        prop_assert!(pattern::matches(&other, Some(&value)).is_err());
    }

    /// In any order, and one to one.
    #[test]
    fn a_list_in_another_order_is_the_same_list(items in prop::collection::vec(values(), 0..6), n in 0..6_usize) {
        prop_assume!(!Value::from(items.clone()).to_string().contains("\"$"));
        let mut other = items.clone();
        other.rotate_left(n.min(items.len()));
        let unordered = json!({"$unordered": items});
        prop_assert_eq!(pattern::matches(&unordered, Some(&other.clone().into())), Ok(()));
        other.push(Value::Null);
        prop_assert!(pattern::matches(&unordered, Some(&other.into())).is_err());
    }
}

fn cases() -> impl Strategy<Value = &'static Case> {
    (0..EDITION.vectors.cases.len()).prop_map(|n| &EDITION.vectors.cases[n])
}

/// A pass has subjects, a failure says what it is, and no message of ours grows with what a node sent.
fn is_sound(record: &CaseRecord, verdict: &CaseVerdict) -> Result<(), String> {
    let said_by_others = record.gone.is_some() || record.harness_error.is_some() || record.missing.is_some();
    let holds = match verdict.verdict {
        Verdict::Pass => verdict.subjects > 0 && verdict.message.is_empty(),
        Verdict::Fail => !verdict.failures.is_empty() && !verdict.message.is_empty(),
        _ => !verdict.message.is_empty() || said_by_others,
    };
    let is_short = said_by_others || verdict.message.len() < 3 * LONGEST_WORDS;
    (holds && is_short).then_some(()).ok_or_else(|| format!("{verdict:?}"))
}

/// What comes of a step at a node that takes it for right.
fn obedient(step: &Step, answer: Value, log: Event) -> StepRecord {
    let (status, body) = match &step.verb {
        Verb::Until { step, .. } => return obedient(step, answer, log),
        Verb::Assert(_) | Verb::AssertMany { .. } | Verb::AssertConcurrently { .. } => (201, fact(&answer)),
        Verb::Fact(_) => (200, fact(&answer)),
        Verb::Query(_) | Verb::Walk { .. } => (200, json!({"facts": [fact(&answer)], "total": 1, "cursor": null})),
        Verb::Conflicts { .. } => (200, json!({"conflicts": [], "cursor": null})),
        Verb::Refuse(_) => (422, json!({"error": "validation_error", "detail": "no"})),
        Verb::Get(_) | Verb::Request(_) | Verb::Resolve { .. } | Verb::Register { .. } => (200, answer),
        Verb::KillDuringWrites { .. } => return killed(&answer),
        verb => return of_events(happened(verb, answer, log)),
    };
    StepRecord {
        exchanges: vec![exchange(1, "/v1/facts", status, &body)],
        events: Vec::new(),
    }
}

/// What is written down of a step that sends no request of its own.
fn happened(verb: &Verb, answer: Value, log: Event) -> Vec<Event> {
    let ran = Event::Ran {
        command: "x".to_owned(),
        said: String::new(),
        well: true,
        exit: Some(0),
        file: Value::Null,
    };
    match verb {
        Verb::Log(_) => vec![log],
        Verb::Forge(_) | Verb::ForgeMany { .. } => vec![Event::Made(answer)],
        Verb::Federate { .. } => vec![ran.clone(), ran],
        Verb::Command(_) => vec![ran],
        Verb::Hold { connections, .. } => vec![Event::Held(*connections)],
        Verb::Raw { .. } => vec![Event::Raw {
            sent: 1,
            status: Some(400),
            closed: true,
            start: String::new(),
        }],
        Verb::Observe(_) | Verb::Holds { .. } | Verb::AtOnce { .. } => Vec::new(),
        _ => vec![Event::Set],
    }
}

fn killed(answer: &Value) -> StepRecord {
    let fact = fact(answer);
    let path = format!("/v1/facts/{}", fact["id"].as_str().unwrap_or_default());
    StepRecord {
        exchanges: vec![
            exchange(1, "/v1/facts", 201, &fact),
            exchange(2, &path, 200, answer),
            exchange(3, "/v1/facts", 201, &fact),
        ],
        events: vec![Event::Boundary(1)],
    }
}

fn of_events(events: Vec<Event>) -> StepRecord {
    StepRecord {
        exchanges: Vec::new(),
        events,
    }
}

fn exchange(n: usize, target: &str, status: u16, body: &Value) -> Exchange {
    Exchange {
        n,
        on: None,
        request: Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            ..Request::default()
        },
        answer: Answer::Response(Response {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Body::Text(body.to_string()),
        }),
        took_us: 1,
    }
}

/// The fact inside of an answer, or the answer.
fn fact(answer: &Value) -> Value {
    answer.pointer("/facts/0").unwrap_or(answer).clone()
}

/// Words of a mismatch are cut here, give or take what says so.
const LONGEST_WORDS: usize = 440;
