//! What new facts are compared with on a node that deviates.

use super::Rivals;
use crate::policy::standing::around::Around;

impl Rivals {
    /// A query for the conflicts that a new fact opens, where that is not what the rule says: the two numbers that a
    /// conflict is told by, and the older fact. `?1` is the triple, `?2` the value and `?3` the new fact.
    pub(crate) fn query(self) -> Option<String> {
        const LIVE: &str = "e.state < 2 AND e.settled = 0";
        let of_the_triple = |which: &str| format!("e.triple = ?1 AND {which}");
        let live_and = |more: &str| format!("e.triple = ?1 AND {LIVE} AND {more}");
        let among = match self {
            Self::Live => return None,
            Self::EachForItself | Self::StandAside => of_the_triple(LIVE),
            Self::OfOtherSources => live_and("e.source <> (SELECT source FROM entry WHERE seq = ?3)"),
            Self::SureEnough => {
                live_and("e.confidence >= 0.1 AND (SELECT confidence FROM entry WHERE seq = ?3) >= 0.1")
            }
            Self::NoneAfterARetraction => {
                live_and("NOT EXISTS (SELECT 1 FROM entry r WHERE r.triple = ?1 AND r.confidence = 0)")
            }
            Self::TheBest => live_and(
                "e.seq = (SELECT o.seq FROM entry o WHERE o.triple = ?1 AND o.state < 2 AND o.seq <> ?3 \
                 ORDER BY o.confidence DESC, o.wall DESC, o.counter DESC LIMIT 1)",
            ),
            Self::AlsoRetractions => of_the_triple("e.settled = 0 AND (e.state < 2 OR e.confidence = 0)"),
            Self::AlsoExpired => of_the_triple("e.settled = 0 AND e.state < 3"),
            Self::AlsoWithdrawn => of_the_triple("e.settled = 0 AND e.state <> 2 AND e.confidence > 0"),
            Self::OfEveryRelation => around(Around::EntityAndScope, LIVE),
            Self::OfTheAuthority => around(Around::AuthorityAndRelation, LIVE),
            Self::OfEveryScope => around(Around::EntityAndRelation, LIVE),
        };
        // A retraction holds no value; its own number tells it from those.
        let value = "coalesce(e.holding, -e.seq)";
        let (own, other, older) = match self {
            Self::EachForItself => ("-?3", "-e.seq", "e.seq"),
            Self::StandAside => ("?2", value, "?3"),
            _ => ("?2", value, "max(e.seq)"),
        };
        Some(format!(
            "SELECT {own}, {other}, {older} FROM entry e WHERE e.seq <> ?3 AND e.holding IS NOT ?2 AND {among} \
             GROUP BY 2 ORDER BY 2"
        ))
    }

    /// The columns of a conflict that name its two values.
    pub(crate) fn values(self) -> &'static str {
        match self {
            Self::EachForItself => {
                "(SELECT holding FROM entry WHERE entry.seq = conflict.newer), \
                 (SELECT holding FROM entry WHERE entry.seq = conflict.older)"
            }
            _ => "low, high",
        }
    }
}

/// Facts around with an unequal value. The node's own are left out: conflicts are such facts, and would never end.
fn around(around: Around, which: &str) -> String {
    format!(
        "e.triple IN ({}) AND {which} AND e.relation NOT IN (SELECT id FROM term WHERE text GLOB 'stigmem:*') \
         AND (SELECT key FROM holding WHERE id = e.holding) <> (SELECT key FROM holding WHERE id = ?2)",
        around.query("?1")
    )
}
