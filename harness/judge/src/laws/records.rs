//! Records of runs, as a trace may hold them.

mod events;

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::drawn::{answers, bodies, texts};
use crate::trace::{
    Answer, Body, CaseRecord, EndRecord, Exchange, Gone, LeftOut, LeftOutAs, Request, Response, RunRecord, Silence,
    StepRecord, TargetRecord,
};
pub(super) use events::logs;

pub(super) fn runs() -> BoxedStrategy<RunRecord> {
    let target = (texts(), texts(), prop::collection::vec(texts(), 0..2), texts());
    let target = target.prop_map(|(name, version, features, repeat)| TargetRecord {
        name,
        version,
        how: "attached".to_owned(),
        features,
        repeat,
        expected: Vec::new(),
    });
    let selection = prop::collection::vec(
        prop_oneof![select(&["SEM", "uri", "HLC-01"][..]).prop_map(str::to_owned), texts()],
        1..4,
    );
    let left_out = prop::collection::vec((texts(), texts()), 0..2);
    (any::<u64>(), target, selection, left_out)
        .prop_map(|(seed, target, selection, left_out)| RunRecord {
            format: 1,
            kit: "0.1.0".to_owned(),
            seed,
            started: "2026-01-02T03:04:05Z".to_owned(),
            profile: "core".to_owned(),
            selection,
            target,
            digests: [("spec".to_owned(), format!("sha256:{}", "0a".repeat(32)))].into(),
            left_out: left_out.into_iter().map(left_out_as).collect(),
        })
        .boxed()
}

fn left_out_as((case, reason): (String, String)) -> LeftOut {
    LeftOut {
        case: format!("x{case}"),
        verdict: LeftOutAs::Inconclusive,
        reason,
    }
}

pub(super) fn ends(cases: usize) -> EndRecord {
    EndRecord {
        cases,
        exchanges: 3,
        duration_ms: 1,
    }
}

/// A record of this case.
pub(super) fn of_case(case: String) -> BoxedStrategy<CaseRecord> {
    let gone = (texts(), prop::collection::vec(texts(), 0..2)).prop_map(|(what, log)| Gone { what, log });
    let ends = (
        prop::option::weighted(0.1, gone),
        prop::option::weighted(0.05, texts()),
        prop::option::weighted(0.1, texts()),
    );
    (prop::collection::vec(steps(), 0..6), ends, any::<u64>())
        .prop_map(move |(steps, ends, duration_ms)| {
            let (gone, harness_error, missing) = ends;
            CaseRecord {
                case: case.clone(),
                names: names(),
                steps,
                gone,
                harness_error,
                missing,
                duration_ms,
            }
        })
        .boxed()
}

/// Names that most cases know.
pub(super) fn names() -> Map<String, Value> {
    let names = json!({
        "ns": "stigmem://a.test", "tag": "abc", "url": "http://127.0.0.1:4711", "host": "127.0.0.1", "port": "4711", "node": "1",
        "soon": "2026-01-02T03:04:07.000Z", "past": "2026-01-02T02:04:05.000Z",
    });
    names.as_object().cloned().unwrap_or_default()
}

pub(super) fn steps() -> BoxedStrategy<StepRecord> {
    let exchanges = prop::collection::vec(exchanges(), 0..4);
    let events = prop::collection::vec(events::events(), 0..3);
    (exchanges, events)
        .prop_map(|(exchanges, events)| StepRecord { exchanges, events })
        .boxed()
}

pub(super) fn exchanges() -> BoxedStrategy<Exchange> {
    let on = prop::option::weighted(0.1, texts());
    (1..9_usize, on, requests(), responses(), any::<u64>())
        .prop_map(|(n, on, request, answer, took_us)| Exchange {
            n,
            on,
            request,
            answer,
            took_us,
        })
        .boxed()
}

pub(super) fn requests() -> BoxedStrategy<Request> {
    let methods = prop_oneof![4 => select(&["GET", "POST", "HEAD"][..]).prop_map(str::to_owned), 1 => texts()];
    let targets = prop_oneof![
        "/v1/facts[?](entity|cursor|limit)=[a-z0-9]{0,3}".boxed(),
        "/v1/facts/00000000-0000-4000-8000-00000000000[0-3]".boxed(),
        texts().boxed(),
    ];
    let body = prop_oneof![
        2 => Just(Body::Empty),
        2 => bodies().prop_map(|body| Body::Text(body.to_string())),
        1 => bytes().prop_map(Body::of),
        1 => (any::<usize>(), texts()).prop_map(|(bytes, start)| Body::Cut { bytes, start }),
    ];
    (methods, targets, headers(), body)
        .prop_map(|(method, target, headers, body)| Request {
            method,
            target,
            headers,
            body,
        })
        .boxed()
}

fn headers() -> BoxedStrategy<Vec<(String, String)>> {
    let names = prop_oneof![
        select(&["content-type", "authorization", "etag", "location"][..]).prop_map(str::to_owned),
        texts()
    ];
    let values = prop_oneof![
        Just("Bearer {key:reader}".to_owned()),
        Just("application/json".to_owned()),
        texts()
    ];
    prop::collection::vec((names, values), 0..3).boxed()
}

fn bytes() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        texts().prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..12)
    ]
    .boxed()
}

fn responses() -> BoxedStrategy<Answer> {
    let statuses = prop_oneof![4 => select(&[200_u16, 201, 204, 400, 404, 422, 500][..]), 1 => any::<u16>()];
    let body = prop_oneof![
        6 => answers().prop_map(|body| Body::Text(body.to_string())),
        1 => bytes().prop_map(Body::of),
    ];
    let response = (statuses, headers(), body);
    let response = response.prop_map(|(status, headers, body)| Answer::Response(Response { status, headers, body }));
    let kinds = select(
        &[
            Silence::Refused,
            Silence::TimedOut,
            Silence::Closed,
            Silence::Unreadable,
        ][..],
    );
    let none = (kinds, texts()).prop_map(|(kind, message)| Answer::None { kind, message });
    prop_oneof![9 => response, 1 => none].boxed()
}
