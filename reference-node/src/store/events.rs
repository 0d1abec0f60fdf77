//! What was refused, withheld or decided between nodes, for `GET /v1/federation/audit`.

use rusqlite::{Connection, Row};
use serde_json::Value;

use super::readers::Effort;
use super::{Store, Stored, Txn};
use crate::domain::id::Id;
use crate::policy::{AuditFilter, AuditOrder};

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    pub(crate) id: String,
    pub(crate) peer_id: String,
    pub(crate) event_type: String,
    /// JSON.
    pub(crate) detail: Option<String>,
    pub(crate) ts: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct EventFilter {
    pub(crate) peer_id: Option<String>,
    /// Only older ones.
    pub(crate) before: Option<i64>,
    pub(crate) limit: u32,
}

#[derive(Debug)]
pub(crate) struct EventPage {
    /// Newest first.
    pub(crate) events: Vec<Event>,
    pub(crate) has_more: bool,
}

impl Store {
    pub(crate) async fn record_event(&self, peer_id: String, event_type: &'static str, detail: Value) -> Stored<()> {
        self.writer
            .submit(move |txn| txn.record(&peer_id, event_type, Some(&detail)))
            .await
    }

    pub(crate) async fn events(&self, filter: EventFilter) -> Stored<EventPage> {
        self.read(Effort::Long, move |db| page(db, &filter)).await
    }
}

impl Txn<'_> {
    pub(super) fn record(&mut self, peer_id: &str, event_type: &str, detail: Option<&Value>) -> rusqlite::Result<()> {
        // An unknown issuer's name comes from a stranger.
        let peer_id: String = peer_id.chars().take(256).collect();
        self.db
            .prepare_cached(
                "INSERT INTO federation_event (id, peer_id, event_type, detail, ts) VALUES (?, ?, ?, ?, ?)",
            )?
            .execute((
                Id::fresh(self.now / 1_000).text(),
                peer_id,
                event_type,
                detail.map(Value::to_string),
                self.now,
            ))?;
        Ok(())
    }
}

fn page(db: &Connection, filter: &EventFilter) -> rusqlite::Result<EventPage> {
    let by_peer = match (&filter.peer_id, AuditFilter::now()) {
        (Some(_), AuditFilter::AllEntries) => "peer_id = ?3",
        (Some(_), AuditFilter::NewestFour) => "peer_id = ?3 AND seq > (SELECT MAX(seq) - 4 FROM federation_event)",
        (None, _) => "?3 IS NULL",
    };
    let (beyond, order, start) = match AuditOrder::now() {
        AuditOrder::NewestFirst => ("<", "DESC", i64::MAX),
        AuditOrder::OldestFirst => (">", "ASC", i64::MIN),
    };
    let sql = format!(
        "SELECT seq, id, peer_id, event_type, detail, ts FROM federation_event WHERE seq {beyond} ?1 AND {by_peer} \
         ORDER BY seq {order} LIMIT ?2"
    );
    let before = filter.before.unwrap_or(start);
    // One more than asked for tells whether another page follows.
    let mut events: Vec<Event> = db
        .prepare_cached(&sql)?
        .query_map((before, i64::from(filter.limit) + 1, &filter.peer_id), event)?
        .collect::<Result<_, _>>()?;
    let has_more = events.len() > filter.limit as usize;
    events.truncate(filter.limit as usize);
    Ok(EventPage { events, has_more })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        seq: row.get(0)?,
        id: row.get(1)?,
        peer_id: row.get(2)?,
        event_type: row.get(3)?,
        detail: row.get(4)?,
        ts: row.get(5)?,
    })
}
