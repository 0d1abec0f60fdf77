//! Policies of queries and of the pages that they are answered with.

use rusqlite::Connection;

use crate::domain::cursor::Position;
use crate::domain::scope::ScopeSet;
use crate::domain::standing::View;
use crate::store::Filter;

policies! {
    /// Whose record a fact in a list is.
    ListedRecord {
        Own,
        /// Those of earlier equal facts too.
        EarlierEqualsToo,
    }

    /// Where a page begins.
    PageStart {
        AfterTheLastFact,
        /// After as many facts as were shown.
        AfterANumberOfFacts,
        /// After the last fact; the page lacks facts of entities that were written about since.
        UntilTheNextWrite,
    }

    /// Which facts come first in a list.
    PageOrder {
        NewestFirst,
        /// The oldest.
        OldestFirst,
    }

    /// What `total` counts.
    Totals {
        OfTheQuery,
        /// The facts on the page.
        OfThePage,
        /// Facts of every standing.
        OfStoredFacts,
        /// Facts of every scope.
        OfEveryScope,
    }

    /// Which names a name in a query means.
    NameMatch {
        Exact,
        /// Entities that begin with it.
        EntityPrefix,
        /// Entities that are like it.
        EntityPattern,
        /// Relations that are like it.
        RelationPattern,
        /// Relations that hold it.
        RelationPart,
        /// Relations that look like it.
        RelationNormalised,
        /// Sources that begin with it.
        SourcePrefix,
    }

    /// Which confidences a query shows.
    Threshold {
        AskedOrMore,
        /// Above what was asked.
        AboveAsked,
        /// As asked; unasked, a query by entity shows what is fairly sure.
        FairlySureUnasked,
    }

    /// How exactly `min_confidence` is read.
    ThresholdDigits {
        All,
        /// Two behind the point.
        Two,
    }

    /// Which facts `after` shows.
    AfterBound {
        Later,
        /// Those of that instant too.
        ThenOrLater,
    }

    /// What the offset of `after` is for.
    AfterOffset {
        Counted,
        /// Nothing.
        Dropped,
    }

    /// What becomes of parameters that nobody knows.
    UnknownParameters {
        Ignored,
        /// The query is refused.
        Refused,
    }
}

impl PageStart {
    /// How many facts the page leaves out at its start.
    pub(crate) fn left_out(self, from: Option<Position>) -> i64 {
        match (self, from) {
            (Self::AfterANumberOfFacts, Some(from)) => from.seq,
            _ => 0,
        }
    }

    /// What the cursor after a page says.
    pub(crate) fn next(self, db: &Connection, filter: &Filter, last: Position) -> rusqlite::Result<Position> {
        let (wall, counter) = (0, 0);
        Ok(match self {
            Self::AfterTheLastFact => last,
            Self::AfterANumberOfFacts => Position {
                wall,
                counter,
                seq: self.left_out(filter.from) + i64::from(filter.limit),
            },
            Self::UntilTheNextWrite => Position {
                wall: db.query_row("SELECT max(seq) FROM entry", [], |row| row.get(0))?,
                counter,
                seq: last.seq,
            },
        })
    }
}

impl Totals {
    /// The query whose matches are counted.
    pub(crate) fn counted(self, filter: &Filter) -> Filter {
        let mut counted = filter.clone();
        match self {
            Self::OfTheQuery | Self::OfThePage => {}
            Self::OfStoredFacts => {
                counted.view = View {
                    contradicted: true,
                    expired: true,
                    retracted: true,
                }
            }
            Self::OfEveryScope => counted.scopes = ScopeSet::ALL,
        }
        counted
    }
}

impl NameMatch {
    /// The condition that stands for that of a name that is matched whole.
    pub(crate) fn instead_of(self, whole: &str) -> Option<&'static str> {
        Some(match (self, whole) {
            (Self::EntityPrefix, "e.entity = ?") => "e.entity IN (SELECT id FROM term WHERE instr(text, ?) = 1)",
            (Self::EntityPattern, "e.entity = ?") => "e.entity IN (SELECT id FROM term WHERE text LIKE ?)",
            (Self::RelationPattern, "e.relation = ?") => "e.relation IN (SELECT id FROM term WHERE text LIKE ?)",
            (Self::RelationPart, "e.relation = ?") => "e.relation IN (SELECT id FROM term WHERE instr(text, ?) > 0)",
            (Self::RelationNormalised, "e.relation = ?") => {
                "e.relation IN (SELECT one.id FROM term one, (SELECT ? AS text) other WHERE \
                 replace(replace(trim(one.text), '%41', 'A'), 'e' || char(769), char(233)) = \
                 replace(replace(trim(other.text), '%41', 'A'), 'e' || char(769), char(233)))"
            }
            (Self::SourcePrefix, "e.source = ?") => "e.source IN (SELECT id FROM term WHERE instr(text, ?) = 1)",
            _ => return None,
        })
    }
}

impl Threshold {
    /// The least confidence that a query shows which asks for none.
    pub(crate) fn unasked(self, entity: Option<&str>) -> Option<f64> {
        (self == Self::FairlySureUnasked && entity.is_some()).then_some(0.3)
    }
}

impl ThresholdDigits {
    pub(crate) fn of(self, number: f64) -> f64 {
        match self {
            Self::All => number,
            Self::Two => (number * 100.0).round() / 100.0,
        }
    }
}

impl AfterOffset {
    pub(crate) fn of(self, mut text: String) -> String {
        let start = text.len().saturating_sub("+00:00".len());
        let offset = text.get(start..).filter(|end| end.starts_with(['+', '-']));
        if self == Self::Dropped && offset.is_some() {
            text.replace_range(start.., "Z");
        }
        text
    }
}
