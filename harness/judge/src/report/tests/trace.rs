//! Lines of a trace.

use crate::trace::{
    Answer, Asked, Body, CaseRecord, EndRecord, Ended, Event, Exchange, Gone, Hosted, LeftOut, LeftOutAs, Line,
    Request, Response, RunRecord, Silence, StepRecord,
};
use serde_json::json;

/// One line of each kind, which together have every member and every variant.
pub(crate) fn lines() -> Vec<Line> {
    let report = super::sample::report();
    let left_out = [LeftOutAs::NotApplicable, LeftOutAs::Inconclusive].map(|verdict| LeftOut {
        case: "a".to_owned(),
        verdict,
        reason: "b".to_owned(),
    });
    let run = RunRecord {
        format: 1,
        kit: report.kit,
        seed: u64::MAX,
        started: report.started,
        profile: report.profile,
        selection: vec!["names*".to_owned()],
        target: report.target,
        digests: report.digests,
        left_out: left_out.into(),
    };
    let header = || vec![("authorization".to_owned(), "Bearer {key:default}".to_owned())];
    let bodies = [
        Body::Empty,
        Body::of(vec![0xff]),
        Body::Text("{}".to_owned()),
        Body::Cut {
            bytes: 70_000,
            start: "{\"a".to_owned(),
        },
    ];
    let request = |body: Body| Request {
        method: "POST".to_owned(),
        target: "/v1/facts".to_owned(),
        headers: header(),
        body,
    };
    let mut answers: Vec<Answer> = [
        Silence::Refused,
        Silence::TimedOut,
        Silence::Closed,
        Silence::Unreadable,
    ]
    .map(|kind| Answer::None {
        kind,
        message: "nobody".to_owned(),
    })
    .into();
    answers.extend(bodies.clone().map(|body| {
        Answer::Response(Response {
            status: 201,
            headers: header(),
            body,
        })
    }));
    let exchanges = answers.into_iter().zip(bodies.iter().cycle()).enumerate();
    let exchanges = exchanges
        .map(|(n, (answer, body))| Exchange {
            on: None,
            n: n + 1,
            request: request(body.clone()),
            answer,
            took_us: 812,
        })
        .collect();
    let events = events();
    let case = CaseRecord {
        case: "names/empty".to_owned(),
        names: json!({ "url": "http://127.0.0.1:4711", "n": 1 })
            .as_object()
            .unwrap()
            .clone(),
        steps: vec![StepRecord { exchanges, events }, StepRecord::default()],
        gone: Some(Gone {
            what: "it died".to_owned(),
            log: vec!["☠".to_owned()],
        }),
        harness_error: Some("a".to_owned()),
        missing: Some("b".to_owned()),
        duration_ms: 12,
    };
    let quiet = CaseRecord {
        case: "quiet".to_owned(),
        ..CaseRecord::default()
    };
    let end = EndRecord {
        cases: 1,
        exchanges: 8,
        duration_ms: 100,
    };
    vec![
        Line::Run(Box::new(run)),
        Line::Case(Box::new(case)),
        Line::Case(Box::new(quiet)),
        Line::End(end),
    ]
}

fn events() -> Vec<Event> {
    let mut events = vec![
        Event::Stopped,
        Event::Killed,
        Event::Started,
        Event::Boundary(2),
        Event::Raw {
            sent: 20,
            status: None,
            closed: true,
            start: String::new(),
        },
        Event::Raw {
            sent: 20,
            status: Some(400),
            closed: false,
            start: "HTTP/1.1".to_owned(),
        },
        Event::Held(40),
        Event::Deadline,
        Event::Made(json!({ "id": "1" })),
        Event::Ran {
            command: "register".to_owned(),
            said: "it is known".to_owned(),
            well: true,
            exit: Some(0),
            file: json!(["c"]),
        },
        Event::NotStarted(Gone {
            what: "it died".to_owned(),
            log: Vec::new(),
        }),
        Event::Known {
            name: "first".to_owned(),
            value: json!(1),
        },
        Event::Paused,
        Event::Resumed,
        Event::Lost,
        Event::Set,
    ];
    let asked = Asked {
        at_ms: 1_767_322_800_000,
        method: "GET".to_owned(),
        path: "/v1/federation/facts".to_owned(),
        query: json!({ "limit": "5" }).as_object().unwrap().clone(),
        authorization: Some("Bearer token".to_owned()),
    };
    events.extend([None, Some("key".to_owned())].map(|key| Event::Log {
        asked: vec![asked.clone()],
        key,
    }));
    let ends = [Ended::Exited, Ended::Signalled, Ended::RanOut, Ended::Stays];
    events.extend(ends.map(|ended| {
        Event::Hosted(Box::new(Hosted {
            did: "hook done".to_owned(),
            ended,
            exit: Some(1),
            stdout: "a".to_owned(),
            stderr: "b".to_owned(),
            answer: json!({ "failed": true }),
            stray: vec!["c".to_owned()],
            took_ms: 5,
            arrivals_ms: vec![1],
        }))
    }));
    events
}
