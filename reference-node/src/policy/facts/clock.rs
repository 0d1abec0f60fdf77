//! Clocks of a node that deviates.

use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, OptionalExtension};

use super::{CounterDigits, FirstStamp, StampOfHistory, Ticks, WallStep, WallUnit};
use crate::domain::fact::Draft;
use crate::domain::hlc::Hlc;

/// How far the second of two clocks is behind, in milliseconds.
const BEHIND: i64 = 50;

impl Ticks {
    /// The stamp after `last`, where the rule does not give it.
    pub(crate) fn instead(self, last: Hlc, now: i64) -> Option<Hlc> {
        static SECOND: AtomicBool = AtomicBool::new(false);
        let at = |wall| Hlc { wall, counter: 0 };
        match self {
            Self::Upwards => None,
            Self::WithTheWallClock if now > last.wall => Some(at(now)),
            Self::WithTheWallClock => Some(last),
            Self::OfTwoClocks if SECOND.fetch_xor(true, Ordering::Relaxed) => Some(at(now - BEHIND)),
            Self::OfTwoClocks => Some(at(now)),
            Self::CounterGoesOn => Some(Hlc {
                wall: last.wall.max(now),
                counter: last.counter + 100,
            }),
            Self::FactByFact => Some(at(last.wall + 1)),
        }
    }
}

impl WallStep {
    pub(crate) fn millis(self) -> i64 {
        match self {
            Self::Millisecond => 1,
            Self::Second => 1_000,
        }
    }
}

impl WallUnit {
    pub(crate) fn per_millisecond(self) -> i64 {
        match self {
            Self::Millisecond => 1,
            Self::Microsecond => 1_000,
        }
    }
}

impl CounterDigits {
    pub(crate) fn least(self) -> usize {
        match self {
            Self::Three => 3,
            Self::One => 1,
        }
    }
}

impl FirstStamp {
    /// Where the clock starts, when that is not above all stamps in the file.
    pub(crate) fn instead(self, db: &Connection) -> rusqlite::Result<Option<Hlc>> {
        let wall = match self {
            Self::AfterTheLast => return Ok(None),
            Self::Zero => 0,
            Self::LeftByAPoliteStop => {
                let sql = "SELECT value FROM node WHERE name = 'clock'";
                let left: Option<[u8; 8]> = db.query_row(sql, [], |row| row.get(0)).optional()?;
                left.map_or(0, i64::from_be_bytes)
            }
        };
        Ok(Some(Hlc { wall, counter: 0 }))
    }

    /// What a polite stop does about the clock.
    pub(crate) fn leave(self, db: &Connection, clock: Hlc) -> rusqlite::Result<()> {
        if self == Self::LeftByAPoliteStop {
            let sql = "INSERT OR REPLACE INTO node (name, value) VALUES ('clock', ?)";
            db.execute(sql, (clock.wall.to_be_bytes(),))?;
        }
        Ok(())
    }
}

impl StampOfHistory {
    /// The stamp of `draft` when it is stored at `now`, in microseconds.
    pub(crate) fn of(self, draft: &Draft, clock: Hlc, now: i64) -> Hlc {
        match (self, draft.expires_at) {
            (Self::ItsEnd, Some(end)) if end <= now => Hlc {
                wall: end.max(0) / 1_000,
                counter: clock.counter,
            },
            _ => clock,
        }
    }
}
