//! What comes from peers and what is shown to them.

use super::*;
use crate::domain::declaration::Declaration;
use crate::domain::incoming::Offer;
use crate::domain::peer::{Owner, Peer, Policy, Way};
use crate::domain::signing::FederationKey;
use crate::store::peers::Registered;

/// A fact of a peer: a number for its id, a value, a confidence and a stamp.
type Told = (u8, &'static str, &'static str, (i64, i64));

fn offer((n, value, confidence, (wall, counter)): Told) -> Offer {
    let text = format!(
        r#"{{"id":"7d9f2c8e-3f0b-4a55-9d4e-0000000000{n:02x}","entity":"user:a","relation":"t:r",
        "value":{{"type":"string","v":"{value}"}},"source":"agent:a","timestamp":"2026-05-02T00:00:00Z",
        "hlc":"{wall}.{counter}","confidence":{confidence},"scope":"public"}}"#
    );
    let offer = Offer::read(text.as_bytes(), 100);
    assert!(offer.judged.is_ok(), "{:?}", offer.judged);
    offer
}

async fn peer(store: &Store, name: u8) -> Peer {
    let key = FederationKey::from_seed(&[name; 32]);
    let (node_id, url) = (format!("stigmem:node:{name}"), format!("http://n{name}.example"));
    let declaration = Declaration::sign(&key, &node_id, &url, &[Scope::Public], "2026-05-02T00:00:00Z");
    match store.register(declaration, Ok(())).await.unwrap() {
        Registered::Written(peer) => peer,
        Registered::Standing(status) => panic!("{status:?}"),
    }
}

fn batch(sender: &Peer, offers: Vec<Offer>, progress: Progress) -> Batch {
    Batch {
        sender: sender.clone(),
        policy: Policy {
            way: Way::Pull,
            permitted: ScopeSet::only(Scope::Public),
            sender: Owner::new(&sender.node_id, &sender.node_url),
            me: Owner::new("stigmem:node:me", "http://me.example"),
            others: Vec::new(),
            restoring: false,
        },
        offers,
        progress,
    }
}

async fn receive(store: &Store, sender: &Peer, told: &[Told]) -> Vec<Outcome> {
    let offers = told.iter().map(|told| offer(*told)).collect();
    let received = store.receive(batch(sender, offers, Progress::Stay)).await;
    received.unwrap().unwrap()
}

/// The ids that a default query shows, with their flags.
async fn shown(store: &Store) -> BTreeSet<(String, bool)> {
    let page = store.query(all_of("user:a", View::default())).await.unwrap();
    assert_eq!(page.total, page.facts.len() as i64);
    page.facts
        .iter()
        .map(|fact| (fact.id.text(), fact.contradicted))
        .collect()
}

fn open_store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
    (folder, store)
}

#[test]
fn a_late_fact_is_withdrawn_on_arrival() {
    let (_folder, store) = open_store();
    runtime().block_on(async {
        let sender = peer(&store, 1).await;
        receive(&store, &sender, &[(1, "gone", "0", (100, 5)), (2, "x", "1", (100, 4))]).await;
        assert!(shown(&store).await.is_empty());
        receive(&store, &sender, &[(3, "y", "1", (100, 6))]).await;
        assert_eq!(shown(&store).await.len(), 1);
        let page = store.conflicts(ConflictFilter {
            resolved: None,
            scopes: ScopeSet::ALL,
            from: None,
            limit: 10,
        });
        assert!(page.await.unwrap().conflicts.is_empty());
        store.close().await;
    });
}

#[test]
fn the_clock_follows_what_arrived_and_the_text_stays() {
    let (_folder, store) = open_store();
    let ahead = now_micros() / 1_000 + 60_000;
    runtime().block_on(async {
        let sender = peer(&store, 1).await;
        receive(&store, &sender, &[(1, "x", "1", (ahead, 7))]).await;
        let own = store.assert(draft("user:b", "x", 1.0), ScopeSet::ALL).await.unwrap();
        // Above what arrived, above the provenance fact that was written beside it.
        assert_eq!(
            own.hlc,
            Hlc {
                wall: ahead,
                counter: 10
            }
        );
        let page = store.query(all_of("user:a", View::default())).await.unwrap();
        assert_eq!(page.facts[0].hlc_text, Some(format!("{ahead}.7")));
        assert_eq!(page.facts[0].received_from.as_deref(), Some("stigmem:node:1"));
        store.close().await;
    });
}

#[test]
fn a_known_id_is_left_alone_and_a_cursor_comes_with_its_page() {
    let (_folder, store) = open_store();
    runtime().block_on(async {
        let sender = peer(&store, 1).await;
        let first = offer((1, "x", "1", (100, 0)));
        let mut foreign = offer((2, "y", "1", (100, 1)));
        if let Ok(fact) = &mut foreign.judged {
            fact.draft.scope = Scope::Company;
        }
        let page = batch(
            &sender,
            vec![first, foreign, offer((1, "z", "1", (200, 0)))],
            Progress::Forward("one".to_owned()),
        );
        let outcomes = store.receive(page).await.unwrap().unwrap();
        assert_eq!(
            outcomes,
            [Outcome::Stored, Outcome::Refused("scope_not_permitted"), Outcome::Known]
        );
        let state = store.pull_state(sender.node_id.clone()).await.unwrap();
        assert_eq!(state.cursor.as_deref(), Some("one"));
        assert!(store.revoke_peer(sender.id.clone()).await.unwrap());
        let page = batch(
            &sender,
            vec![offer((3, "x", "1", (1, 0)))],
            Progress::Forward("two".to_owned()),
        );
        assert!(store.receive(page).await.unwrap().is_none());
        let state = store.pull_state(sender.node_id.clone()).await.unwrap();
        assert_eq!(state.cursor.as_deref(), Some("one"));
        store.close().await;
    });
}

#[test]
fn a_nonce_is_good_once_for_each_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let later = now_micros() / 1_000 + 60_000;
    for fresh in [true, false] {
        runtime().block_on(async {
            let store = Store::open(&path, LIMITS).unwrap();
            assert_eq!(store.use_nonce("a".to_owned(), "n", later).await.unwrap(), fresh);
            assert_eq!(store.use_nonce("b".to_owned(), "n", later).await.unwrap(), fresh);
            assert!(!store.use_nonce("b".to_owned(), "n", later).await.unwrap());
            store.close().await;
        });
    }
}

#[test]
fn what_is_shared_is_read_from_one_index_in_order() {
    let (folder, store) = open_store();
    runtime().block_on(async {
        let wanted = Wanted {
            peer_id: "p".to_owned(),
            node_id: "stigmem:node:1".to_owned(),
            scopes: ScopeSet::from_iter([Scope::Company, Scope::Public]),
            relayed: true,
            after: 0,
            limit: 10,
        };
        for (entity, relation, source, scope) in [
            ("user:a", "t:r", "agent:a", Scope::Public),
            ("user:a", "t:r", "agent:a", Scope::Local),
            ("user:a", "t:r", "agent:a", Scope::Team),
            ("user:a", "t:r", "agent:a", Scope::Company),
            ("user:a", "stigmem:ttl", "agent:a", Scope::Public),
            ("stigmem:conflict:x", "t:r", "agent:a", Scope::Public),
            ("user:a", "t:r", "system:decay", Scope::Public),
            ("instruction:x", "t:r", "agent:a", Scope::Public),
        ] {
            let fact = Draft::certain(entity.to_owned(), relation, Value::string("x"), source, scope);
            store.assert(fact, ScopeSet::ALL).await.unwrap();
        }
        let page = store.shared(wanted.clone()).await.unwrap();
        let scopes: Vec<Scope> = page.facts.iter().map(|fact| fact.scope).collect();
        assert_eq!((scopes, page.has_more), (vec![Scope::Public, Scope::Company], false));
        // The withheld instruction is written down once.
        store.shared(wanted).await.unwrap();
        let events = store.events(crate::store::events::EventFilter {
            limit: 10,
            ..Default::default()
        });
        assert_eq!(events.await.unwrap().events.len(), 1);
        store.close().await;
    });
    let db = Connection::open(folder.path().join("a.db")).unwrap();
    let plan = crate::store::shared::plan(&db).unwrap();
    assert!(
        plan.contains("fact_for_peers") && !plan.contains("TEMP B-TREE"),
        "{plan}"
    );
}

const TOLD: [Told; 7] = [
    (1, "x", "1", (100, 0)),
    (2, "y", "1", (100, 1)),
    (3, "x", "0.5", (101, 0)),
    (4, "gone", "0", (100, 1)),
    (5, "z", "0.9", (102, 0)),
    (6, "w", "0.9", (102, 0)),
    (7, "gone", "0", (50, 0)),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Nodes that hold the same facts show the same, in whatever order and however often these came.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        order in proptest::collection::vec(0..TOLD.len(), 0..12),
        rest in Just((0..TOLD.len()).collect::<Vec<_>>()).prop_shuffle(),
        without in 0..TOLD.len(),
    ) {
        let told = |at: &usize| TOLD[*at];
        let some: Vec<Told> = order.iter().chain(&rest).filter(|at| **at != without).map(told).collect();
        let plain: Vec<Told> = (0..TOLD.len()).filter(|at| *at != without).map(|at| TOLD[at]).collect();
        let mut seen = Vec::new();
        for facts in [some, plain] {
            let (_folder, store) = open_store();
            runtime().block_on(async {
                let sender = peer(&store, 1).await;
                for fact in facts {
                    receive(&store, &sender, &[fact]).await;
                }
                seen.push(shown(&store).await);
                store.close().await;
            });
        }
        prop_assert_eq!(&seen[0], &seen[1]);
    }
}

#[test]
fn a_fact_that_cannot_be_stored_costs_its_page_nothing() {
    let (folder, store) = open_store();
    let other = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER spoilt BEFORE INSERT ON fact WHEN hex(NEW.id) LIKE '7D9F2C8E%02'
             BEGIN SELECT RAISE(ABORT, 'a spoilt page'); END",
        )
        .unwrap();
    runtime().block_on(async {
        let sender = peer(&store, 1).await;
        let told = [
            (1, "x", "1", (100, 1)),
            (2, "x", "1", (100, 2)),
            (3, "x", "1", (100, 3)),
        ];
        let outcomes = receive(&store, &sender, &told).await;
        let refused = Outcome::Refused("ingest_error");
        assert_eq!(outcomes, [Outcome::Stored, refused, Outcome::Stored]);
        assert_eq!(shown(&store).await.len(), 2);
        assert_eq!(
            receive(&store, &sender, &told).await,
            [Outcome::Known, refused, Outcome::Known]
        );
        store.close().await;
    });
}
