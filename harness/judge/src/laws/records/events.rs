//! What a trace says beside requests and answers.

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::{
    laws::drawn::{texts, values},
    trace::{Asked, Ended, Event, Gone, Hosted},
};

pub(super) fn events() -> BoxedStrategy<Event> {
    let numbers = || prop_oneof![0..5_usize, any::<usize>()];
    let plain = select(vec![
        Event::Stopped,
        Event::Killed,
        Event::Started,
        Event::Deadline,
        Event::Paused,
        Event::Resumed,
        Event::Lost,
        Event::Set,
    ]);
    let raw = (numbers(), prop::option::of(any::<u16>()), any::<bool>(), texts());
    let raw = raw.prop_map(|(sent, status, closed, start)| Event::Raw {
        sent,
        status,
        closed,
        start,
    });
    let ran = (
        texts(),
        texts(),
        any::<bool>(),
        prop::option::of(any::<i32>()),
        values(),
    );
    let ran = ran.prop_map(|(command, said, well, exit, file)| Event::Ran {
        command,
        said,
        well,
        exit,
        file,
    });
    prop_oneof![
        3 => plain,
        2 => numbers().prop_map(Event::Boundary),
        1 => numbers().prop_map(Event::Held),
        1 => raw,
        2 => logs(),
        1 => hosted(),
        1 => values().prop_map(|record| Event::Made(json!({ "facts": [record] }))),
        1 => ran,
        1 => (texts(), prop::collection::vec(texts(), 0..2)).prop_map(|(what, log)| Event::NotStarted(Gone { what, log })),
        2 => (select(&["first", "second", "ns", "row"][..]), values()).prop_map(|(name, value)| Event::Known { name: name.to_owned(), value }),
    ]
    .boxed()
}

/// What the host of an adapter saw.
fn hosted() -> BoxedStrategy<Event> {
    let ended = select(vec![Ended::Exited, Ended::Signalled, Ended::RanOut, Ended::Stays]);
    let streams = (texts(), texts(), texts());
    let times = (any::<u64>(), prop::collection::vec(any::<u64>(), 0..4));
    let answers = prop_oneof![Just(Value::Null), values().prop_map(|value| json!({ "text": value }))];
    let strays = prop::collection::vec(texts(), 0..2);
    (ended, prop::option::of(any::<i32>()), streams, answers, strays, times)
        .prop_map(
            |(ended, exit, (did, stdout, stderr), answer, stray, (took_ms, arrivals_ms))| {
                Event::Hosted(Box::new(Hosted {
                    did,
                    ended,
                    exit,
                    stdout,
                    stderr,
                    answer,
                    stray,
                    took_ms,
                    arrivals_ms,
                }))
            },
        )
        .boxed()
}

/// What a peer of ours was asked.
pub(in crate::laws) fn logs() -> BoxedStrategy<Event> {
    (prop::collection::vec(asked(), 0..4), prop::option::of(texts()))
        .prop_map(|(asked, key)| Event::Log { asked, key })
        .boxed()
}

/// With times at which nobody can have asked.
fn asked() -> BoxedStrategy<Asked> {
    let times = prop_oneof![
        1_700_000_000_000..1_700_000_001_000_i64,
        any::<i64>(),
        Just(i64::MIN),
        Just(i64::MAX)
    ];
    let paths = prop_oneof![Just("/v1/federation/facts".to_owned()), texts()];
    let token = prop_oneof![
        texts(),
        texts().prop_map(|text| format!("Bearer {text}")),
        Just(TOKEN.to_owned())
    ];
    (times, paths, values(), prop::option::of(token))
        .prop_map(|(at_ms, path, cursor, authorization)| Asked {
            at_ms,
            method: "GET".to_owned(),
            path,
            query: Map::from_iter([("cursor".to_owned(), cursor)]),
            authorization,
        })
        .boxed()
}

/// Its claims are `{"iat":-9223372036854775808,"exp":9223372036854775807}`.
const TOKEN: &str = "Bearer e30.eyJpYXQiOi05MjIzMzcyMDM2ODU0Nzc1ODA4LCJleHAiOjkyMjMzNzIwMzY4NTQ3NzU4MDd9.AA";
