//! Lint and synthesis: what the walks along indexes find, against a plain reckoning over all facts.

use std::sync::Arc;

use super::*;
use crate::domain::id::Id;
use crate::domain::instant::print;
use crate::domain::lint::{self, Check, Finding, LintRun};
use crate::domain::synthesis::{self, Entry, SynthesisRequest, Tally};
use crate::store::lint::Place;
use crate::store::readers::Effort;
use crate::store::synthesis::After;

const HOUR: i64 = 3_600_000_000;
const ENTITIES: [&str; 3] = ["user:a", "user:b", "user:c"];
const RELATIONS: [&str; 4] = ["t:r", "status", "intent:handoff_to", "stigmem:note"];
const SCOPES: [Scope; 2] = [Scope::Local, Scope::Public];

/// One deed of a history, in numbers that choose among what there is.
#[derive(Clone, Debug)]
enum Deed {
    Assert {
        entity: usize,
        relation: usize,
        value: usize,
        tenths: u8,
        end: u8,
        scope: usize,
    },
    /// Sets an end to one of the facts: a past one, or one to come.
    End(usize, bool),
    Resolve(bool),
}

fn deed() -> impl Strategy<Value = Deed> {
    let what = (0..3_usize, 0..4_usize, 0..6_usize, 0..2_usize);
    let assert = |tenths: std::ops::RangeInclusive<u8>| {
        (what.clone(), tenths, 0..5_u8).prop_map(|((entity, relation, value, scope), tenths, end)| Deed::Assert {
            entity,
            relation,
            value,
            tenths,
            end,
            scope,
        })
    };
    prop_oneof![
        8 => assert(1..=10),
        2 => assert(0..=0),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(fact, past)| Deed::End(fact, past)),
        1 => any::<bool>().prop_map(Deed::Resolve),
    ]
}

fn value(number: usize, facts: &[Fact]) -> Value {
    match number {
        0 => Value::string("x"),
        1 => Value::text("y"),
        2 => Value::reference("user:b"),
        3 => Value::reference("User:C"),
        4 => Value::reference("user:nobody"),
        _ => Value::reference(facts.last().map_or_else(|| Id([7; 16]).text(), |fact| fact.id.text())),
    }
}

async fn play(store: &Store, deeds: Vec<Deed>) {
    let mut facts: Vec<Fact> = Vec::new();
    for deed in deeds {
        let draft = match deed {
            Deed::Assert {
                entity,
                relation,
                value: number,
                tenths,
                end,
                scope,
            } => {
                let value = value(number, &facts);
                let (entity, scope) = (ENTITIES[entity].to_owned(), SCOPES[scope]);
                let mut draft = Draft::certain(entity, RELATIONS[relation], value, "agent:a", scope);
                draft.confidence = f64::from(tenths) / 10.0;
                draft.expires_at = match end {
                    0 => Some(now_micros() - HOUR),
                    1 => Some(now_micros() + HOUR),
                    2 => Some(now_micros() + 1_000 * HOUR),
                    _ => None,
                };
                draft.valid_until = draft.expires_at.map(print);
                draft
            }
            Deed::End(number, past) => {
                let Some(fact) = facts.get(number % facts.len().max(1)) else {
                    continue;
                };
                let at = now_micros() + if past { -HOUR } else { HOUR };
                let at = Value {
                    kind: ValueType::Datetime,
                    text: print(at),
                };
                Draft::certain(fact.id.text(), "stigmem:ttl", at, "agent:a", fact.scope)
            }
            Deed::Resolve(first) => {
                if let Some(conflict) = unresolved(store).await {
                    let winner = if first { conflict.fact_a } else { conflict.fact_b };
                    let resolution = Resolution {
                        conflict: Id::parse(&conflict.entity["stigmem:conflict:".len()..]).unwrap(),
                        winner: winner.map(|fact| fact.id.text()),
                        new_value: None,
                        note: String::new(),
                        caller_uri: "agent:judge".to_owned(),
                        scopes: ScopeSet::ALL,
                    };
                    store.resolve(resolution).await.unwrap().unwrap();
                }
                continue;
            }
        };
        facts.push(store.assert(draft, ScopeSet::ALL).await.unwrap());
    }
}

async fn linted(store: &Store, run: &LintRun, now: i64) -> Vec<Finding> {
    let run = Arc::new(run.clone());
    let mut place = Place::start(&run);
    let mut findings = Vec::new();
    while let Some(here) = place {
        let page = store.lint(Arc::clone(&run), here, now).await.unwrap();
        findings.extend(page.findings);
        place = page.next;
    }
    findings
}

async fn synthesised(store: &Store, request: &SynthesisRequest, now: i64) -> (Vec<Entry>, Tally) {
    let request = Arc::new(request.clone());
    let mut after = Some(After::NOTHING);
    let (mut entries, mut tally) = (Vec::new(), Tally::default());
    while let Some(here) = after {
        let page = store.synthesis(Arc::clone(&request), here, now).await.unwrap();
        entries.extend(page.entries);
        tally.add(page.tally);
        after = page.next;
    }
    (entries, tally)
}

/// In an order that both sides have.
fn sorted<T: std::fmt::Debug>(things: &[T]) -> Vec<String> {
    let mut texts: Vec<String> = things.iter().map(|thing| format!("{thing:?}")).collect();
    texts.sort_unstable();
    texts
}

async fn archive(store: &Store) -> crate::domain::archive::Archive {
    store.read(Effort::Long, records::all).await.unwrap()
}

async fn compare_findings(store: &Store) {
    let archive = archive(store).await;
    let now = now_micros();
    for shape in 0..16_u8 {
        let has = |bit: u8| shape & (1 << bit) != 0;
        let run = LintRun {
            entity: has(0).then(|| "user:a".to_owned()),
            relation: has(1).then(|| "status".to_owned()),
            lookahead_s: if has(2) { 7_200 } else { 0 },
            ..LintRun::of(SCOPES[usize::from(has(3))])
        };
        let found = linted(store, &run, now).await;
        let reckoned = lint::reckoning::findings(&archive, &run, now);
        assert_eq!(sorted(&found), sorted(&reckoned), "{run:?}");
        assert_eq!(found, linted(store, &run, now).await, "the order is the same each time");
        assert!(found.is_sorted_by_key(|finding| finding.check), "check by check");
        for check in Check::ALL {
            let alone = LintRun {
                checks: [check].into_iter().collect(),
                ..run.clone()
            };
            let expected: Vec<_> = found.iter().filter(|finding| finding.check == check).cloned().collect();
            assert_eq!(linted(store, &alone, now).await, expected, "{alone:?}");
        }
    }
}

async fn compare_entries(store: &Store) {
    let archive = archive(store).await;
    let now = now_micros();
    for shape in 0..16_u8 {
        let has = |bit: u8| shape & (1 << bit) != 0;
        let request = SynthesisRequest {
            scope: SCOPES[usize::from(has(0))],
            entity: has(1).then(|| "user:a".to_owned()),
            min_confidence: has(2).then_some(0.5),
            include_expired: has(3),
        };
        let (entries, tally) = synthesised(store, &request, now).await;
        let (reckoned, counted) = synthesis::reckoning::synthesis(&archive, &request, now);
        assert_eq!(sorted(&entries), sorted(&reckoned), "{request:?}");
        assert_eq!(tally, counted, "{request:?}");
        assert_eq!(
            entries,
            synthesised(store, &request, now).await.0,
            "the order is the same each time"
        );
    }
}

async fn compare_counts(store: &Store) {
    let archive = archive(store).await;
    let now = now_micros();
    for scope in Scope::ALL {
        let live = archive.records.iter().filter(|record| {
            let over = record.expires_at.is_some_and(|at| at <= now);
            record.scope == scope && !record.withdrawn && !over
        });
        let live = i64::try_from(live.count()).unwrap();
        let run = Arc::new(LintRun::of(scope));
        assert_eq!(store.lint_count(Arc::clone(&run), now).await.unwrap(), live);
        let too_many = |threshold| store.too_many_to_lint(Arc::clone(&run), threshold);
        assert_eq!(too_many(live).await.unwrap(), None);
        assert_eq!(too_many(live - 1).await.unwrap(), Some(live));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_walks_find_what_is_reckoned(deeds in proptest::collection::vec(deed(), 1..28)) {
        let folder = tempfile::tempdir().unwrap();
        runtime().block_on(async {
            let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
            play(&store, deeds).await;
            compare_findings(&store).await;
            compare_entries(&store).await;
            compare_counts(&store).await;
            store.close().await;
        });
    }
}

#[test]
fn an_entity_without_many_facts_is_linted_at_once() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
        for n in 0..5 {
            store
                .assert(draft(&format!("user:{n}"), "x", 1.0), ScopeSet::ALL)
                .await
                .unwrap();
        }
        let whole = LintRun::of(Scope::Local);
        let one = LintRun {
            entity: Some("user:1".to_owned()),
            ..whole.clone()
        };
        for (run, too_many) in [(whole, Some(5)), (one, None)] {
            assert_eq!(store.too_many_to_lint(Arc::new(run), 4).await.unwrap(), too_many);
        }
        store.close().await;
    });
}

#[test]
fn what_has_expired_is_settled_for_programs_beside_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut brief = draft("user:a", "x", 1.0);
    let expires_at = now_micros() + 50_000;
    brief.expires_at = Some(expires_at);
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        store.assert(brief, ScopeSet::ALL).await.unwrap();
        store.close().await;
    });
    while now_micros() < expires_at {
        std::thread::yield_now();
    }
    let db = for_writing(&path).unwrap();
    expiry::settle(&db).unwrap();
    let run = LintRun::of(Scope::Local);
    assert_eq!(lint_count(&db, &run), 0);
    let place = Place::start(&run).unwrap();
    let page = crate::store::lint::page(&db, &run, place, now_micros()).unwrap();
    let checks: Vec<_> = page.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(checks, [Check::Stale, Check::Orphan]);
}

fn lint_count(db: &Connection, run: &LintRun) -> i64 {
    crate::store::lint::count(db, run, now_micros()).unwrap()
}

#[test]
fn every_walk_follows_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let db = for_writing(&folder.path().join("a.db")).unwrap();
    for plan in crate::store::lint::search::plans(&db).unwrap() {
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP"), "{plan}");
    }
}
