//! The neighbours of a triple, for nodes that reach too far.

use rusqlite::Connection;

/// What a triple has in common with its neighbours.
#[derive(Clone, Copy)]
pub(in crate::policy) enum Around {
    EntityAndScope,
    /// Relation and scope; the entity's name begins with that of the triple.
    EntityBelow,
    AuthorityAndRelation,
    AuthorityAndScope,
    EntityAndRelation,
}

impl Around {
    /// A query for the triples around the one with this number, itself among them.
    pub(in crate::policy) fn query(self, triple: &str) -> String {
        const OF_THE_AUTHORITY: &str = "te.text GLOB 'stigmem://*' AND o.scope = t.scope \
             AND substr(oe.text, 1, 10 + instr(substr(te.text, 11), '/')) \
             = substr(te.text, 1, 10 + instr(substr(te.text, 11), '/'))";
        let (first, second) = match self {
            Self::EntityAndScope => ("o.entity = t.entity", "o.scope = t.scope"),
            Self::EntityBelow => (
                "o.relation = t.relation AND o.scope = t.scope",
                "substr(oe.text, 1, length(te.text)) = te.text",
            ),
            Self::AuthorityAndRelation => (OF_THE_AUTHORITY, "o.relation = t.relation"),
            Self::AuthorityAndScope => (OF_THE_AUTHORITY, "1"),
            Self::EntityAndRelation => ("o.entity = t.entity", "o.relation = t.relation"),
        };
        format!(
            "SELECT o.id FROM triple t JOIN term te ON te.id = t.entity JOIN triple o JOIN term oe ON oe.id = o.entity \
             WHERE t.id = {triple} AND (o.id = t.id OR ({first} AND {second}))"
        )
    }

    pub(in crate::policy) fn triples(self, db: &Connection, triple: i64) -> rusqlite::Result<Vec<i64>> {
        db.prepare_cached(&self.query("?"))?
            .query_map([triple], |row| row.get(0))?
            .collect()
    }
}
