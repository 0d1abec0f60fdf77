//! The store by itself: migrations, immutability, and the bookkeeping against a plain reckoning of the rules.

mod decay;
mod federation;
mod jobs;
mod looking;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rusqlite::Connection;

use super::open::{MIGRATIONS, for_writing};
use super::*;
use crate::domain::hlc::Hlc;
use crate::domain::scope::Scope;
use crate::domain::standing::View;
use crate::domain::value::{Value, ValueType};

const LIMITS: StoreLimits = StoreLimits {
    readers: 2,
    write_queue: 16,
};

fn draft(entity: &str, value: &str, confidence: f64) -> Draft {
    let value = Value::string(value);
    let mut draft = Draft::certain(entity.to_owned(), "t:r", value, "agent:a", Scope::Local);
    draft.confidence = confidence;
    draft
}

fn all_of(entity: &str, view: View) -> Filter {
    Filter {
        entity: Some(entity.to_owned()),
        relation: None,
        source: None,
        scopes: ScopeSet::ALL,
        min_confidence: None,
        after: None,
        view,
        from: None,
        limit: 500,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn the_migrations_are_valid() {
    MIGRATIONS.validate().unwrap();
}

#[test]
fn no_statement_changes_or_deletes_a_fact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        store.assert(draft("user:a", "x", 1.0), ScopeSet::ALL).await.unwrap();
        store.close().await;
    });
    let db = for_writing(&path).unwrap();
    for statement in [
        "UPDATE fact SET value_text = 'y'",
        "DELETE FROM fact",
        "UPDATE fact SET wall = wall",
    ] {
        let error = db.execute(statement, []).unwrap_err().to_string();
        assert!(error.contains("immutable"), "{statement}: {error}");
    }
}

#[test]
fn stamps_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut last = Hlc::default();
    let mut node_ids = BTreeSet::new();
    for _ in 0..3 {
        runtime().block_on(async {
            let store = Store::open(&path, LIMITS).unwrap();
            node_ids.insert(store.node_id.clone());
            for _ in 0..5 {
                let fact = store.assert(draft("user:a", "x", 1.0), ScopeSet::ALL).await.unwrap();
                assert!(fact.hlc > last);
                last = fact.hlc;
            }
            store.close().await;
        });
    }
    assert_eq!(node_ids.len(), 1);
}

#[test]
fn a_clock_that_was_ahead_stays_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let future = now_micros() / 1_000 + 86_400_000;
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        store.assert(draft("user:a", "x", 1.0), ScopeSet::ALL).await.unwrap();
        store.close().await;
    });
    let db = for_writing(&path).unwrap();
    db.execute("UPDATE entry SET wall = ?", [future]).unwrap();
    drop(db);
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        let fact = store.assert(draft("user:a", "x", 1.0), ScopeSet::ALL).await.unwrap();
        assert_eq!(
            fact.hlc,
            Hlc {
                wall: future,
                counter: 1
            }
        );
        store.close().await;
    });
}

#[test]
fn every_shape_of_query_counts_what_it_lists() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
        for (entity, value, confidence, scope) in [
            ("user:a", "x", 1.0, Scope::Local),
            ("user:a", "y", 0.5, Scope::Local),
            ("user:a", "x", 0.4, Scope::Public),
            ("user:b", "x", 0.9, Scope::Team),
            ("user:b", "x", 0.0, Scope::Team),
        ] {
            let mut fact = draft(entity, value, confidence);
            fact.scope = scope;
            store.assert(fact, ScopeSet::ALL).await.unwrap();
        }
        for shape in 0..1_u32 << 9 {
            let has = |bit: u32| shape & (1 << bit) != 0;
            let view = View {
                contradicted: has(0),
                expired: has(1),
                retracted: has(2),
            };
            let scopes = if has(3) {
                ScopeSet::only(Scope::Local)
            } else {
                ScopeSet::ALL
            };
            let filter = Filter {
                entity: has(4).then(|| "user:a".to_owned()),
                relation: has(5).then(|| "t:r".to_owned()),
                source: has(6).then(|| "agent:a".to_owned()),
                scopes,
                min_confidence: has(7).then_some(0.45),
                after: has(8).then_some(0),
                ..all_of("user:a", view)
            };
            let page = store
                .query(filter.clone())
                .await
                .unwrap_or_else(|error| panic!("{filter:?}: {error}"));
            assert_eq!(page.total as usize, page.facts.len(), "{filter:?}");
            assert!(!page.facts.is_empty(), "{filter:?}");
            let nothing = Filter {
                scopes: ScopeSet::default(),
                ..filter
            };
            assert_eq!(store.query(nothing).await.unwrap().total, 0);
        }
        store.close().await;
    });
}

/// One step of a history on a single triple.
#[derive(Clone, Debug)]
enum Step {
    /// Value, confidence in tenths (0 retracts), whether it is expired from the start.
    Assert(u8, u8, bool),
    /// Resolve the newest unresolved conflict in favour of its first or second side.
    Resolve(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_u8..4, 1_u8..=10, Just(false)).prop_map(|(v, c, e)| Step::Assert(v, c, e)),
        1 => (0_u8..4, 1_u8..=10, Just(true)).prop_map(|(v, c, e)| Step::Assert(v, c, e)),
        1 => Just(Step::Assert(0, 0, false)),
        1 => any::<bool>().prop_map(Step::Resolve),
    ]
}

/// The rules of section 3, reckoned from the whole history each time.
#[derive(Default)]
struct Reckoning {
    /// Id, value, confidence; live ones only.
    live: Vec<(String, String, f64)>,
    expired: usize,
    retracted: usize,
    pairs: BTreeSet<(String, String)>,
    settled: BTreeSet<String>,
}

impl Reckoning {
    fn assert(&mut self, id: String, value: String, confidence: f64, expired: bool) {
        if confidence == 0.0 {
            self.retracted += 1 + self.expired + self.live.len();
            self.expired = 0;
            self.live.clear();
        } else if expired {
            self.expired += 1;
        } else {
            for (other_id, other, _) in &self.live {
                if *other != value && !self.settled.contains(other_id) {
                    self.pairs
                        .insert((value.clone().min(other.clone()), value.clone().max(other.clone())));
                }
            }
            self.live.push((id, value, confidence));
        }
    }

    fn shown(&self) -> BTreeSet<String> {
        let values: BTreeSet<_> = self.live.iter().map(|(_, value, _)| value).collect();
        if values.len() < 2 {
            return self.live.iter().map(|(id, _, _)| id.clone()).collect();
        }
        // Later facts have higher clocks, so the last of the most confident is preferred.
        let best = self
            .live
            .iter()
            .rev()
            .reduce(|best, fact| if fact.2 > best.2 { fact } else { best });
        best.iter().map(|(id, _, _)| id.clone()).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_history_shows_what_the_rules_say(steps in proptest::collection::vec(step(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let entity = "user:a";
        runtime().block_on(async {
            let store = Store::open(&path, LIMITS).unwrap();
            let mut reckoning = Reckoning::default();
            for step in steps {
                apply(&store, &mut reckoning, entity, step).await;
                compare(&store, &reckoning, entity).await;
            }
            store.close().await;
        });
        check_counts(&for_writing(&path).unwrap());
    }
}

async fn apply(store: &Store, reckoning: &mut Reckoning, entity: &str, step: Step) {
    match step {
        Step::Assert(value, tenths, expired) => {
            let value = value.to_string();
            let mut draft = draft(entity, &value, f64::from(tenths) / 10.0);
            if expired {
                draft.valid_until = Some("2001-01-01T00:00:00Z".to_owned());
                draft.expires_at = Some(978_307_200_000_000);
            }
            let confidence = draft.confidence;
            let fact = store.assert(draft, ScopeSet::ALL).await.unwrap();
            reckoning.assert(fact.id.text(), value, confidence, expired);
        }
        Step::Resolve(first) => {
            let Some(conflict) = unresolved(store).await else {
                return;
            };
            let sides = [&conflict.fact_a, &conflict.fact_b].map(|side| side.as_ref().unwrap());
            let winner = sides[usize::from(!first)];
            for (id, value, _) in &reckoning.live {
                if sides.iter().any(|side| side.value.text == *value) {
                    reckoning.settled.insert(id.clone());
                }
            }
            let resolution = Resolution {
                conflict: crate::domain::id::Id::parse(&conflict.entity["stigmem:conflict:".len()..]).unwrap(),
                winner: Some(winner.id.text()),
                new_value: None,
                note: String::new(),
                caller_uri: "agent:judge".to_owned(),
                scopes: ScopeSet::ALL,
            };
            let id = store.resolve(resolution.clone()).await.unwrap().unwrap();
            assert_eq!(
                store.resolve(resolution).await.unwrap(),
                Err(ResolveRefusal::AlreadyResolved)
            );
            reckoning.assert(id.text(), winner.value.text.clone(), 1.0, false);
        }
    }
}

async fn unresolved(store: &Store) -> Option<ConflictRecord> {
    let filter = ConflictFilter {
        resolved: Some(false),
        scopes: ScopeSet::ALL,
        from: None,
        limit: 1,
    };
    store.conflicts(filter).await.unwrap().conflicts.pop()
}

async fn compare(store: &Store, reckoning: &Reckoning, entity: &str) {
    let ids = |page: &query::Page| page.facts.iter().map(|fact| fact.id.text()).collect::<BTreeSet<_>>();
    let shown = store.query(all_of(entity, View::default())).await.unwrap();
    assert_eq!(ids(&shown), reckoning.shown());
    assert_eq!(shown.total as usize, shown.facts.len());
    let contested = reckoning
        .live
        .iter()
        .map(|(_, value, _)| value)
        .collect::<BTreeSet<_>>()
        .len()
        > 1;
    assert!(contested || shown.facts.iter().all(|fact| !fact.contradicted));

    let live = View {
        contradicted: true,
        ..View::default()
    };
    let live = store.query(all_of(entity, live)).await.unwrap();
    assert_eq!(ids(&live), reckoning.live.iter().map(|(id, _, _)| id.clone()).collect());
    assert_eq!(live.total as usize, live.facts.len());

    let everything = View {
        contradicted: true,
        expired: true,
        retracted: true,
    };
    let everything = store.query(all_of(entity, everything)).await.unwrap();
    assert_eq!(
        everything.facts.len(),
        reckoning.live.len() + reckoning.expired + reckoning.retracted
    );
    assert!(everything.facts.is_sorted_by(|a, b| a.hlc > b.hlc));

    let filter = ConflictFilter {
        resolved: None,
        scopes: ScopeSet::ALL,
        from: None,
        limit: 500,
    };
    assert_eq!(
        store.conflicts(filter).await.unwrap().conflicts.len(),
        reckoning.pairs.len()
    );
}

/// The kept numbers are those that counting gives.
fn check_counts(db: &Connection) {
    let count = |sql: &str| -> BTreeMap<String, i64> {
        let mut select = db.prepare(sql).unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).filter(|(_, number)| *number != 0).collect()
    };
    for (kept, counted) in [
        (
            "SELECT kind || '/' || term || '/' || scope, shown FROM tally",
            "SELECT key, count(*) FROM (SELECT '0/0/' || scope AS key FROM entry WHERE state = 0 \
             UNION ALL SELECT '1/' || entity || '/' || scope FROM entry WHERE state = 0 \
             UNION ALL SELECT '2/' || relation || '/' || scope FROM entry WHERE state = 0 \
             UNION ALL SELECT '3/' || source || '/' || scope FROM entry WHERE state = 0) GROUP BY key",
        ),
        (
            "SELECT CAST(id AS TEXT), live FROM holding",
            "SELECT CAST(holding AS TEXT), count(*) FROM entry WHERE state < 2 GROUP BY holding",
        ),
        (
            "SELECT CAST(id AS TEXT), open FROM holding",
            "SELECT CAST(holding AS TEXT), count(*) FROM entry WHERE state < 2 AND settled = 0 GROUP BY holding",
        ),
        (
            "SELECT CAST(id AS TEXT), live_values FROM triple",
            "SELECT CAST(triple AS TEXT), count(*) FROM holding WHERE live > 0 GROUP BY triple",
        ),
        (
            "SELECT CAST(id AS TEXT), open_values FROM triple",
            "SELECT CAST(triple AS TEXT), count(*) FROM holding WHERE open > 0 GROUP BY triple",
        ),
        (
            "SELECT CAST(id AS TEXT), shown FROM triple",
            "SELECT CAST(triple AS TEXT), count(*) FROM entry WHERE state = 0 GROUP BY triple",
        ),
    ] {
        assert_eq!(count(kept), count(counted), "{kept}");
    }
}

#[test]
fn a_ttl_meta_fact_ends_and_moves_a_life() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
        let target = store.assert(draft("user:a", "x", 1.0), ScopeSet::ALL).await.unwrap();
        let ttl = |at: &str, confidence: f64| {
            let value = Value {
                kind: ValueType::Datetime,
                text: at.to_owned(),
            };
            let mut ttl = Draft::certain(target.id.text(), "stigmem:ttl", value, "agent:a", Scope::Local);
            ttl.confidence = confidence;
            ttl
        };
        let visible = async || store.query(all_of("user:a", View::default())).await.unwrap().total;

        store
            .assert(ttl("2001-01-01T00:00:00Z", 1.0), ScopeSet::only(Scope::Public))
            .await
            .unwrap();
        assert_eq!(
            visible().await,
            1,
            "a writer who cannot reach the fact's scope has no say"
        );
        store
            .assert(ttl("2001-01-01T00:00:00Z", 1.0), ScopeSet::ALL)
            .await
            .unwrap();
        assert_eq!(visible().await, 0, "the expiry has passed");
        store
            .assert(ttl("9999-12-31T23:59:59Z", 1.0), ScopeSet::ALL)
            .await
            .unwrap();
        assert_eq!(visible().await, 1, "the later of two equally certain ones counts");
        store
            .assert(ttl("2001-01-01T00:00:00Z", 1.0), ScopeSet::ALL)
            .await
            .unwrap();
        assert_eq!(visible().await, 0);
        store
            .assert(ttl("2001-01-01T00:00:00Z", 0.0), ScopeSet::ALL)
            .await
            .unwrap();
        assert_eq!(visible().await, 1, "without a TTL there is no expiry");
        store.close().await;
    });
}

#[test]
fn a_fact_expires_between_two_reads() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
        let mut brief = draft("user:a", "x", 1.0);
        let expires_at = now_micros() + 300_000;
        brief.expires_at = Some(expires_at);
        let rival = store.assert(draft("user:a", "y", 0.5), ScopeSet::ALL).await.unwrap();
        let brief = store.assert(brief, ScopeSet::ALL).await.unwrap();
        let mut shown = store.query(all_of("user:a", View::default())).await.unwrap();
        let read_before = now_micros() < expires_at;
        assert!(!read_before || shown.facts[0].id == brief.id);
        while now_micros() < expires_at {
            tokio::task::yield_now().await;
        }
        shown = store.query(all_of("user:a", View::default())).await.unwrap();
        assert_eq!((shown.facts[0].id, shown.facts[0].contradicted), (rival.id, false));
        store.close().await;
    });
}
