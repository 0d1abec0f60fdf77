//! Policies of what a node keeps: under concurrent writes, across a polite stop and across a kill.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use crate::domain::id::Id;

policies! {
    /// Which writes of a group are kept.
    WriteGroup {
        KeptWhole,
        /// The first about each entity.
        FirstAboutAnEntity,
    }

    /// The id that the answer to an assertion shows.
    AnswerId {
        OfTheFact,
        /// That of the first of those under way about the entity.
        OfTheFirstUnderWay,
    }

    /// What a polite stop loses.
    LostAtAStop {
        Nothing,
        /// The facts.
        Facts,
    }

    /// What a kill loses.
    LostAtAKill {
        Nothing,
        /// The facts.
        Facts,
        /// That facts are withdrawn.
        Withdrawals,
        /// The conflicts.
        Conflicts,
        /// That conflicts are resolved.
        Resolutions,
        /// The keys that were made since the last start.
        NewKeys,
        /// The scopes of keys.
        KeyScopes,
        /// That keys are revoked.
        KeyRevocations,
    }

    /// How long the name of a node lasts.
    NodeName {
        ForLife,
        /// Until the next start.
        UntilTheNextStart,
    }
}

impl WriteGroup {
    /// Runs a job of a group that began after the fact `start`.
    pub(crate) fn run<A>(self, db: &Connection, start: i64, job: impl FnOnce() -> A) -> rusqlite::Result<A> {
        if self == Self::KeptWhole {
            return Ok(job());
        }
        let before = self.start(db)?;
        db.execute_batch("SAVEPOINT later")?;
        let answer = job();
        let again: bool = db.query_row(
            "SELECT EXISTS (SELECT 1 FROM fact one JOIN fact other ON other.entity = one.entity \
             WHERE one.seq > ?1 AND one.seq <= ?2 AND other.seq > ?2)",
            (start, before),
            |row| row.get(0),
        )?;
        db.execute_batch(if again {
            "ROLLBACK TO later; RELEASE later"
        } else {
            "RELEASE later"
        })?;
        Ok(answer)
    }

    /// The last fact before a group or a job.
    pub(crate) fn start(self, db: &Connection) -> rusqlite::Result<i64> {
        match self {
            Self::KeptWhole => Ok(0),
            Self::FirstAboutAnEntity => db.query_row("SELECT ifnull(max(seq), 0) FROM fact", [], |row| row.get(0)),
        }
    }
}

/// How many assertions about an entity are under way, and the id that the first of them was answered with.
static UNDER_WAY: Mutex<BTreeMap<String, (usize, Option<Id>)>> = Mutex::new(BTreeMap::new());

fn under_way() -> MutexGuard<'static, BTreeMap<String, (usize, Option<Id>)>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An assertion that is under way, by its entity where that matters.
pub(crate) struct UnderWay(Option<String>);

impl AnswerId {
    pub(crate) fn under_way(self, entity: &str) -> UnderWay {
        if self == Self::OfTheFact {
            return UnderWay(None);
        }
        under_way().entry(entity.to_owned()).or_default().0 += 1;
        UnderWay(Some(entity.to_owned()))
    }
}

impl UnderWay {
    pub(crate) fn id(&self, own: Id) -> Id {
        let Some(entity) = &self.0 else { return own };
        let mut all = under_way();
        all.get_mut(entity).map_or(own, |(_, first)| *first.get_or_insert(own))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(entity) = &self.0 else { return };
        let mut all = under_way();
        let left = all.get_mut(entity).map_or(0, |(count, _)| {
            *count -= 1;
            *count
        });
        if left == 0 {
            all.remove(entity);
        }
    }
}

const WITHOUT_FACTS: &str = "DROP TRIGGER IF EXISTS fact_is_never_deleted; DELETE FROM fact; DELETE FROM entry; \
     DELETE FROM triple; DELETE FROM holding; DELETE FROM tally; DELETE FROM conflict; DELETE FROM ttl; DELETE FROM reduction;";

impl LostAtAStop {
    pub(crate) fn take(self, db: &Connection) {
        if self == Self::Facts
            && let Err(error) = db.execute_batch(WITHOUT_FACTS)
        {
            tracing::warn!(%error, "the facts were not lost");
        }
    }
}

impl LostAtAKill {
    /// Takes what is lost from a file that was not closed properly: its log is still there.
    pub(crate) fn take(self, db: &Connection, path: &Path) -> rusqlite::Result<()> {
        let lost = match self {
            Self::Nothing => return Ok(()),
            Self::Facts => WITHOUT_FACTS,
            Self::Withdrawals => "UPDATE entry SET state = 0 WHERE state = 3 AND confidence > 0",
            Self::Conflicts => "DELETE FROM conflict",
            Self::Resolutions => "UPDATE conflict SET resolved_by = NULL",
            Self::NewKeys => "DELETE FROM api_key WHERE permissions & 16",
            Self::KeyScopes => "UPDATE api_key SET scopes = 15",
            Self::KeyRevocations => "UPDATE api_key SET expires_micro = NULL WHERE expires_micro = 0",
        };
        let log = format!("{}-wal", path.display());
        if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
            db.execute_batch(lost)?;
        }
        Ok(())
    }
}
