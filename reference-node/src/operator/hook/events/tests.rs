use clap::Parser;
use serde_json::{Value, json};

use super::*;

/// 2026-11-22T06:10:15.729680Z.
const NOW: i64 = 1_795_327_815_729_680;
const ID: &str = "019a1234-5678-7abc-8def-0123456789ab";

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    event: Event,
}

fn tell(arguments: &[&str], source: Option<&str>) -> Result<Told, NameError> {
    let environment = Environment::read(|name| match name {
        "STIGMEM_URL" => Some("http://Node.Example:8765/".into()),
        "STIGMEM_SOURCE_ENTITY" => source.map(Into::into),
        _ => None,
    });
    let environment = environment.unwrap().expect("the URL is there");
    let arguments =
        Arguments::try_parse_from([&["hook"], arguments].concat()).unwrap_or_else(|error| panic!("{error}"));
    arguments.event.tell(&Occasion {
        environment: &environment,
        micros: NOW,
        id: ID.to_owned(),
    })
}

/// Entity, relation, type, value, confidence and scope of each fact.
fn facts(arguments: &[&str]) -> Value {
    let told = tell(arguments, None).unwrap();
    assert!(told.remarks.is_empty(), "{:?}", told.remarks);
    told.facts
        .iter()
        .map(|fact| {
            let value = &fact.value;
            json!([
                fact.entity,
                fact.relation,
                value.kind,
                value.v,
                fact.confidence,
                fact.scope
            ])
        })
        .collect()
}

#[test]
fn events_of_tasks_have_their_facts() {
    let task = "stigmem://node.example/issue/eg-42";
    assert_eq!(
        facts(&["checkout", "EG-42"]),
        json!([[task, "paperclip:checkout", "string", "in_progress", 1.0, "company"]])
    );
    assert_eq!(
        facts(&["done", "EG-42"]),
        json!([[task, "paperclip:issue_status", "string", "done", 1.0, "company"]])
    );
    assert_eq!(
        facts(&["blocked", "EG-42", "--by", ""]),
        json!([[task, "paperclip:issue_status", "string", "blocked", 1.0, "company"]])
    );
    let blocking = "stigmem://node.example/issue/eg-7";
    assert_eq!(
        facts(&["blocked", "EG-42", "--by", "EG-7"]),
        json!([
            [task, "paperclip:issue_status", "string", "blocked", 1.0, "company"],
            [task, "paperclip:blocked_by", "ref", blocking, 1.0, "company"],
        ])
    );
    let now = "2026-11-22T06:10:15.729680+00:00";
    assert_eq!(
        facts(&["ping", "EG-42"]),
        json!([[task, "paperclip:last_active", "datetime", now, 1.0, "local"]])
    );
}

#[test]
fn a_handoff_ends_with_the_fact_that_it_is_found_by() {
    let handoff = format!("stigmem://node.example/handoff/{ID}");
    let to = "stigmem://node.example/agent/Next";
    assert_eq!(
        facts(&["handoff", "--to", to, "--summary", "- half\n- \"done\" \\ 雪"]),
        json!([
            [
                handoff,
                "intent:handoff_summary",
                "text",
                "- half\n- \"done\" \\ 雪",
                1.0,
                "company"
            ],
            [handoff, "intent:handoff_to", "ref", to, 1.0, "company"],
        ])
    );
    let all = [
        "handoff",
        "--to",
        to,
        "--summary",
        "half",
        "--ref",
        "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea",
        "--ref",
        "",
        "--ref",
        "0f0e8d18-66f0-4ecb-b9ac-f816cc991fea",
        "--continuation",
        "--then this",
    ];
    assert_eq!(
        facts(&all),
        json!([
            [handoff, "intent:handoff_summary", "text", "half", 1.0, "company"],
            [
                handoff,
                "intent:context_ref",
                "ref",
                "3bdf8d18-66f0-4ecb-b9ac-f816cc991fea",
                1.0,
                "company"
            ],
            [
                handoff,
                "intent:context_ref",
                "ref",
                "0f0e8d18-66f0-4ecb-b9ac-f816cc991fea",
                1.0,
                "company"
            ],
            [handoff, "intent:continuation", "text", "--then this", 1.0, "company"],
            [handoff, "intent:handoff_to", "ref", to, 1.0, "company"],
        ])
    );
}

#[test]
fn decisions_and_escalations_have_their_facts() {
    for (entity, name) in [
        ("Use SQLite", "stigmem://node.example/decision/use-sqlite"),
        ("stigmem://Acme/decision/db", "stigmem://Acme/decision/db"),
        ("decision:db", "decision:db"),
    ] {
        assert_eq!(
            facts(&["decision", "--entity", entity, "--summary", "SQLite."]),
            json!([[name, "roadmap:decision", "text", "SQLite.", 1.0, "company"]])
        );
    }
    let escalation = format!("stigmem://node.example/escalation/{ID}");
    assert_eq!(
        facts(&[
            "escalate",
            "--to",
            "user:bob",
            "--priority",
            "critical",
            "--goal",
            "ship"
        ]),
        json!([
            [escalation, "intent:goal", "text", "ship", 1.0, "company"],
            [escalation, "intent:escalate_to", "ref", "user:bob", 1.0, "company"],
            [escalation, "intent:escalation", "string", "critical", 1.0, "company"],
        ])
    );
}

#[test]
fn the_source_is_the_hosts_or_this_adapter() {
    for (source, named) in [
        (Some("agent:me"), "agent:me"),
        (Some(""), "stigmem://node.example/agent/stigmem-hook"),
        (None, "stigmem://node.example/agent/stigmem-hook"),
    ] {
        let told = tell(&["blocked", "1", "--by", "2"], source).unwrap();
        assert!(told.facts.iter().all(|fact| fact.source == named), "{source:?}");
    }
}

#[test]
fn names_that_are_none_are_told() {
    for arguments in [
        &["checkout", ""][..],
        &["done", " "],
        &["ping", "a\u{1b}[2J"],
        &["blocked", "1", "--by", "stigmem://a"],
        &["handoff", "--to", "", "--summary", "x"],
        &["escalate", "--to", "a\u{7}", "--priority", "low", "--goal", "x"],
        &["decision", "--entity", "stigmem://a/b", "--summary", "x"],
    ] {
        assert!(tell(arguments, None).is_err(), "{arguments:?}");
    }
    let named = tell(&["checkout", "Stigmem://Acme/issue/EG 42"], None).unwrap();
    assert_eq!(named.facts[0].entity, "stigmem://acme/issue/eg-42");
}

#[test]
fn what_is_too_long_is_cut_and_told() {
    let long = "é".repeat(LONGEST_SUMMARY);
    let told = tell(&["decision", "--entity", "d", "--summary", &long], None).unwrap();
    let text = told.facts[0].value.v.as_str().unwrap();
    assert!(text.len() <= LONGEST_SUMMARY && text.ends_with("é…"));
    assert_eq!(told.remarks, ["the summary is cut at 4096 bytes"]);

    let just = "x".repeat(LONGEST_GOAL);
    let told = tell(&["escalate", "--to", "a:b", "--priority", "low", "--goal", &just], None).unwrap();
    assert_eq!(
        (told.facts[0].value.v.as_str(), told.remarks.len()),
        (Some(just.as_str()), 0)
    );

    let ids: Vec<String> = (0..=MOST_REFERENCES).map(|n| format!("--ref=fact-{n}")).collect();
    let mut arguments = vec!["handoff", "--to", "a:b", "--summary", "x"];
    arguments.extend(ids.iter().map(String::as_str));
    let told = tell(&arguments, None).unwrap();
    assert_eq!((told.facts.len(), told.remarks.len()), (MOST_REFERENCES + 2, 1));
}
