//! Sweeps: what they write, what they leave alone, and that half a sweep does no harm.

use super::*;
use crate::domain::decay::{DecayPolicy, Mode, Plan, Policies, SOURCE, SweepMode};
use crate::store::decay::Swept;

const HOUR: i64 = 3_600_000_000;

/// A policy for everything that counts in hours.
fn hourly(mode: Mode) -> DecayPolicy {
    DecayPolicy {
        id: mode.word().to_owned(),
        relation: "*".to_owned(),
        scope: None,
        mode,
        ttl_s: Some(3_600),
        half_life_s: Some(3_600),
        min_confidence: None,
        exempt_relations: Vec::new(),
    }
}

fn plan(policies: Vec<DecayPolicy>, mode: Option<SweepMode>) -> Plan {
    Plan {
        policies: Policies::new(policies),
        scope: Scope::Local,
        mode,
        only: None,
        now: now_micros(),
    }
}

/// Sweeps by one policy and tells how many facts were withdrawn and reduced.
async fn swept(store: &Store, policy: DecayPolicy) -> (u64, u64) {
    let Swept { retracted, reduced, .. } = store.sweep(&plan(vec![policy], None)).await.unwrap();
    (retracted, reduced)
}

/// An assertion that was made so many hours ago.
fn said(entity: &str, value: &str, confidence: f64, hours: i64) -> Draft {
    Draft {
        timestamp: Some(now_micros() - hours * HOUR),
        ..draft(entity, value, confidence)
    }
}

async fn assert(store: &Store, draft: Draft) -> Fact {
    store.assert(draft, ScopeSet::ALL).await.unwrap()
}

async fn found(store: &Store, entity: &str, view: View) -> Vec<Fact> {
    store.query(all_of(entity, view)).await.unwrap().facts
}

async fn shown(store: &Store, entity: &str) -> Vec<Fact> {
    found(store, entity, View::default()).await
}

const EVERYTHING: View = View {
    contradicted: true,
    expired: true,
    retracted: true,
};

fn with_store(test: impl AsyncFnOnce(&Store)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        test(&store).await;
        store.close().await;
    });
    check_counts(&for_writing(&path).unwrap());
}

#[test]
fn a_triple_is_withdrawn_once_everything_said_on_it_is_old() {
    with_store(async |store| {
        assert(store, said("user:a", "x", 1.0, 2)).await;
        assert(store, said("user:a", "y", 0.5, 3)).await;
        assert(store, said("user:b", "x", 1.0, 2)).await;
        assert(store, said("user:b", "x", 0.1, 0)).await;
        let mut ends = said("user:c", "x", 1.0, 2);
        ends.valid_until = Some("2092-01-01T00:00:00Z".to_owned());
        ends.expires_at = Some(now_micros() + HOUR);
        assert(store, ends).await;
        let mut ended = said("user:d", "x", 1.0, 2);
        ended.expires_at = Some(now_micros() - HOUR);
        assert(store, ended).await;
        let mut elsewhere = said("user:e", "x", 1.0, 2);
        elsewhere.scope = Scope::Team;
        assert(store, elsewhere).await;

        let dry = plan(vec![hourly(Mode::Retract)], Some(SweepMode::DryRun));
        let dry = store.sweep(&dry).await.unwrap();
        assert_eq!((dry.retracted, dry.reduced, dry.evaluated), (2, 0, 5));
        assert_eq!(shown(store, "user:a").await.len(), 1, "nothing was written");
        assert_eq!(swept(store, hourly(Mode::Retract)).await, (2, 0));
        assert_eq!(swept(store, hourly(Mode::Retract)).await, (0, 0));

        assert!(shown(store, "user:a").await.is_empty());
        let history = found(store, "user:a", EVERYTHING).await;
        let retraction = &history[0];
        assert_eq!(
            (history.len(), retraction.confidence, retraction.source.as_str()),
            (3, 0.0, SOURCE)
        );
        assert!(history[1..].iter().all(|fact| fact.hlc < retraction.hlc));
        for (entity, count) in [("user:b", 2), ("user:c", 1), ("user:e", 1)] {
            assert_eq!(shown(store, entity).await.len(), count, "{entity}");
        }
        let expired = View {
            expired: true,
            ..View::default()
        };
        assert_eq!(found(store, "user:d", expired).await.len(), 1);
    });
}

#[test]
fn a_reduction_takes_the_place_of_its_fact() {
    with_store(async |store| {
        let old = assert(store, said("user:a", "x", 0.8, 2)).await;
        let new = assert(store, said("user:a", "x", 0.7, 0)).await;
        let weak = assert(store, said("user:a", "x", 1e-9, 5)).await;
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 1));
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 0));

        let facts = shown(store, "user:a").await;
        assert_eq!(facts.len(), 3);
        let reduction = facts.iter().find(|fact| fact.source == SOURCE).unwrap();
        assert!((reduction.confidence - 0.2).abs() < 0.001, "{}", reduction.confidence);
        assert_eq!(
            (
                &reduction.value,
                reduction.scope,
                &reduction.valid_until,
                reduction.contradicted
            ),
            (&old.value, Scope::Local, &None, false)
        );
        for kept in [&new, &weak] {
            assert!(facts.iter().any(|fact| fact.id == kept.id));
        }
        let reduced = store.fact(Name::Id(old.id), ScopeSet::ALL).await.unwrap().unwrap();
        assert_eq!((reduced.confidence, reduced.cid), (0.8, old.cid));
    });
}

#[test]
fn every_sweep_reckons_from_the_first_word() {
    with_store(async |store| {
        let first = assert(store, said("user:a", "x", 1.0, 0)).await;
        let mut plan = plan(vec![hourly(Mode::Confidence)], None);
        for hours in 1..=4 {
            plan.now = first.timestamp + hours * HOUR;
            assert_eq!(store.sweep(&plan).await.unwrap().reduced, 1);
            let facts = shown(store, "user:a").await;
            let [fact] = &facts[..] else {
                panic!("one fact stands for all before it: {facts:?}");
            };
            let left = 0.5_f64.powi(i32::try_from(hours).unwrap());
            assert!(
                (fact.confidence - left).abs() < 1e-6,
                "{} after {hours}",
                fact.confidence
            );
        }
        plan.policies = Policies::new(vec![hourly(Mode::Retract)]);
        plan.now = first.timestamp + HOUR;
        assert_eq!(store.sweep(&plan).await.unwrap().retracted, 0);
        plan.now += 1;
        assert_eq!(
            store.sweep(&plan).await.unwrap().retracted,
            1,
            "it is as old as what it stands for"
        );
    });
}

#[test]
fn doubt_decides_disputes_and_opens_none() {
    with_store(async |store| {
        assert(store, said("user:a", "home", 1.0, 2)).await;
        let away = assert(store, said("user:a", "away", 0.6, 0)).await;
        assert_eq!(shown(store, "user:a").await[0].value.text, "home");
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 1));
        let facts = shown(store, "user:a").await;
        assert_eq!((facts.len(), facts[0].id, facts[0].contradicted), (1, away.id, true));
        let live = View {
            contradicted: true,
            ..View::default()
        };
        let facts = found(store, "user:a", live).await;
        assert_eq!(facts.len(), 2);
        assert!(facts.iter().all(|fact| fact.contradicted));
        let filter = ConflictFilter {
            resolved: None,
            scopes: ScopeSet::ALL,
            from: None,
            limit: 10,
        };
        assert_eq!(store.conflicts(filter).await.unwrap().conflicts.len(), 1);
    });
}

#[test]
fn a_decision_fades_and_still_decides() {
    with_store(async |store| {
        let home = assert(store, said("user:a", "home", 1.0, 2)).await;
        assert(store, said("user:a", "away", 0.6, 2)).await;
        let conflict = unresolved(store).await.unwrap();
        let resolution = Resolution {
            conflict: crate::domain::id::Id::parse(&conflict.entity["stigmem:conflict:".len()..]).unwrap(),
            winner: Some(home.id.text()),
            new_value: None,
            note: String::new(),
            caller_uri: "agent:judge".to_owned(),
            scopes: ScopeSet::ALL,
        };
        let decision = store.resolve(resolution).await.unwrap().unwrap();
        let mut late = plan(vec![hourly(Mode::Confidence)], None);
        for (hours, half_life_s) in [(24, 36_000), (25, 3_600)] {
            late.now = now_micros() + hours * HOUR;
            late.policies = Policies::new(vec![DecayPolicy {
                half_life_s: Some(half_life_s),
                ..hourly(Mode::Confidence)
            }]);
            assert_eq!(store.sweep(&late).await.unwrap().reduced, 1, "the sides are out of it");
        }
        let facts = shown(store, "user:a").await;
        let [fact] = &facts[..] else {
            panic!("what was decided is shown alone: {facts:?}");
        };
        assert_eq!((fact.value.text.as_str(), fact.source.as_str()), ("home", SOURCE));
        assert!(!fact.contradicted && fact.id != decision);
        assert!(unresolved(store).await.is_none());
        assert(store, said("user:a", "elsewhere", 0.9, 0)).await;
        assert_eq!(
            shown(store, "user:a").await[0].value.text,
            "elsewhere",
            "what is said later is weighed"
        );
        late.policies = Policies::new(vec![hourly(Mode::Retract)]);
        assert_eq!(store.sweep(&late).await.unwrap().retracted, 4);
        assert!(shown(store, "user:a").await.is_empty(), "an old decision is old");
    });
}

#[test]
fn a_reduction_ends_with_its_fact_whenever_that_was_said() {
    let ttl = |target: &Fact, at: &str, confidence: f64| {
        let value = Value {
            kind: ValueType::Datetime,
            text: at.to_owned(),
        };
        let mut ttl = Draft::certain(target.id.text(), "stigmem:ttl", value, "agent:a", Scope::Local);
        ttl.confidence = confidence;
        ttl
    };
    const PAST: &str = "2001-01-01T00:00:00Z";
    with_store(async |store| {
        let brief = Draft {
            valid_until: Some("2092-01-01T00:00:00Z".to_owned()),
            expires_at: Some(now_micros() + 100 * HOUR),
            ..said("user:a", "x", 1.0, 1)
        };
        assert(store, brief).await;
        let root = assert(store, said("user:b", "x", 1.0, 1)).await;
        assert(store, ttl(&root, "2092-01-01T00:00:00Z", 1.0)).await;
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 2));
        let of_brief = shown(store, "user:a").await.remove(0);
        assert_eq!(of_brief.valid_until.as_deref(), Some("2092-01-01T00:00:00Z"));
        let reduction = shown(store, "user:b").await.remove(0);
        assert_eq!((reduction.valid_until, reduction.source.as_str()), (None, SOURCE));
        assert_eq!(
            swept(store, hourly(Mode::Retract)).await,
            (0, 0),
            "both have ends of their own"
        );

        let reduction = shown(store, "user:b").await.remove(0);
        for named in [&root, &reduction] {
            assert(store, ttl(named, PAST, 1.0)).await;
            assert!(shown(store, "user:b").await.is_empty(), "the end has come");
            assert(store, ttl(named, PAST, 0.0)).await;
            assert_eq!(shown(store, "user:b").await.len(), 1, "it was taken back");
        }
        assert(store, ttl(&root, PAST, 1.0)).await;
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 0));
    });
}

/// Stores many facts of an hour ago in one transaction.
async fn crowd(store: &Store, count: usize, entity: fn(usize) -> String) {
    store
        .writer
        .submit(move |txn| {
            for n in 0..count {
                txn.assert(&said(&entity(n), "x", 1.0, 1), ScopeSet::ALL)?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

#[test]
fn a_sweep_goes_over_all_windows_and_batches() {
    with_store(async |store| {
        crowd(store, 5_000, |n| format!("user:{n}")).await;
        for mode in [Mode::Confidence, Mode::Retract] {
            let dry = plan(vec![hourly(mode)], Some(SweepMode::DryRun));
            let would = store.sweep(&dry).await.unwrap();
            let done = store.sweep(&plan(vec![hourly(mode)], None)).await.unwrap();
            assert_eq!((done.retracted + done.reduced, done.evaluated), (5_000, 5_000));
            assert_eq!(would, done);
        }
        let all = Filter {
            entity: None,
            ..all_of("", View::default())
        };
        assert_eq!(store.query(all).await.unwrap().total, 0);
    });
}

#[test]
fn one_triple_may_hold_more_facts_than_a_window() {
    with_store(async |store| {
        crowd(store, 5_000, |_| "user:a".to_owned()).await;
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 5_000));
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 0));
        assert_eq!(swept(store, hourly(Mode::Retract)).await, (5_000, 0));
    });
}

#[test]
fn sweeps_side_by_side_do_what_one_does() {
    with_store(async |store| {
        crowd(store, 1_000, |n| format!("user:{n}")).await;
        let sweep = || swept(store, hourly(Mode::Confidence));
        let (one, two, three) = tokio::join!(sweep(), sweep(), sweep());
        assert_eq!(one.1 + two.1 + three.1, 1_000);
        let sweep = || swept(store, hourly(Mode::Retract));
        let (one, two) = tokio::join!(sweep(), sweep());
        assert_eq!(one.0 + two.0, 1_000);
    });
}

#[test]
fn a_sweep_that_was_cut_off_is_finished_by_the_next() {
    with_store(async |store| {
        crowd(store, 700, |n| format!("user:{n}")).await;
        let half = plan(vec![hourly(Mode::Confidence)], None);
        let rows: Vec<i64> = (1..=400).collect();
        let done = store
            .writer
            .submit(move |txn| txn.fade(Mode::Confidence, &half, &rows))
            .await;
        assert_eq!(done.unwrap(), 400);
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 300));
        assert_eq!(swept(store, hourly(Mode::Confidence)).await, (0, 0));
    });
}

/// A step of a history on one triple.
#[derive(Clone, Debug)]
enum Step {
    /// Value, confidence in tenths, age in hours.
    Say(u8, u8, i64),
    Sweep(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_u8..3, 1_u8..=10, 0_i64..4).prop_map(|(value, tenths, hours)| Step::Say(value, tenths, hours)),
        1 => any::<bool>().prop_map(Step::Sweep),
    ]
}

/// What is live, reckoned from the whole history: value, confidence now and at first, age in hours.
type Live = Vec<(String, f64, f64, i64)>;

fn reckon(live: &mut Live, retract: bool) -> (u64, u64) {
    if retract {
        // An age of just one hour is above one hour by the time of the sweep.
        let overdue = !live.is_empty() && live.iter().all(|fact| fact.3 >= 1);
        return if overdue {
            (std::mem::take(live).len() as u64, 0)
        } else {
            (0, 0)
        };
    }
    let mut reduced = 0;
    for fact in live {
        let due = fact.2 * 0.5_f64.powi(i32::try_from(fact.3).unwrap());
        if fact.1 - due > 0.005 {
            fact.1 = due;
            reduced += 1;
        }
    }
    (0, reduced)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_history_with_sweeps_shows_what_the_rules_say(steps in proptest::collection::vec(step(), 1..16)) {
        with_store(async |store| {
            let mut live = Live::new();
            for step in steps {
                match step {
                    Step::Say(value, tenths, hours) => {
                        let confidence = f64::from(tenths) / 10.0;
                        assert(store, said("user:a", &value.to_string(), confidence, hours)).await;
                        live.push((value.to_string(), confidence, confidence, hours));
                    }
                    Step::Sweep(retract) => {
                        let mode = if retract { Mode::Retract } else { Mode::Confidence };
                        assert_eq!(swept(store, hourly(mode)).await, reckon(&mut live, retract));
                    }
                }
                compare_live(store, &live).await;
            }
        });
    }
}

async fn compare_live(store: &Store, live: &Live) {
    let view = View {
        contradicted: true,
        ..View::default()
    };
    let sorted = |mut facts: Vec<(String, f64)>| {
        facts.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        facts
    };
    let seen = found(store, "user:a", view).await;
    let seen = sorted(
        seen.into_iter()
            .map(|fact| (fact.value.text, fact.confidence))
            .collect(),
    );
    let expected = sorted(live.iter().map(|fact| (fact.0.clone(), fact.1)).collect());
    // Some time passes between a sweep and its reckoning.
    let alike = |one: &(String, f64), other: &(String, f64)| one.0 == other.0 && (one.1 - other.1).abs() < 0.001;
    let all_alike = seen.iter().zip(&expected).all(|(one, other)| alike(one, other));
    assert!(
        seen.len() == expected.len() && all_alike,
        "{seen:?} instead of {expected:?}"
    );
    let values: BTreeSet<&String> = live.iter().map(|fact| &fact.0).collect();
    let best = live.iter().map(|fact| fact.1).fold(0.0, f64::max);
    let shown = shown(store, "user:a").await;
    if values.len() < 2 {
        assert_eq!(shown.len(), live.len());
    } else {
        assert_eq!(shown.len(), 1);
        assert!((shown[0].confidence - best).abs() < 0.001);
    }
}
