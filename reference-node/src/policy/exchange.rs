//! Policies of the list of facts that peers are served.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::scope::Scope;
use crate::domain::standing::State;

policies! {
    /// What may be listed for a peer.
    Shareable {
        WhatMayPass,
        /// Local facts as well, for everybody.
        LocalFactsToo,
        /// Local facts as well, for those who may have them.
        LocalFactsAsPermitted,
        /// Facts about conflicts as well.
        ConflictsToo,
        /// Facts with a reserved relation as well.
        ReservedRelationsToo,
        /// The notes of who brought a fact as well.
        NotesToo,
        /// What the system said as well.
        SystemSourcesToo,
        /// No facts of the team.
        NoTeamFacts,
        /// Nothing that has expired.
        NothingExpired,
        /// Nothing to which another fact is preferred.
        NothingHidden,
        /// Nothing withdrawn, and no retractions.
        NothingWithdrawn,
        /// Nothing stamped more than a year ago.
        NothingOld,
        /// Of what was said here the newest sixteen.
        NewestSixteen,
        /// What stands in as many rows of the table as a page has places.
        FirstRows,
        /// After a cursor, nothing with a lower clock than the fact it stands at.
        NoLowerClock,
        /// After a cursor, nothing with the same clock as the fact it stands at.
        NoEqualClock,
    }

    /// The order of the list for peers.
    SharedOrder {
        Arrival,
        /// By scope first.
        ScopeThenArrival,
        /// By clock.
        Clock,
    }

    /// Which received facts are listed, and for whom.
    HandedOn {
        PublicFacts,
        /// None.
        Nothing,
        /// Public ones, also when the token asks for other scopes.
        PublicFactsAnyway,
        /// Those of a company as well.
        CompanyFactsToo,
        /// Public ones, also for the peer that brought them.
        BackToTheBringer,
        /// Public ones, for the peer that was registered first.
        FirstPeerAlone,
        /// Public ones that arrived after the peer was registered.
        SinceRegistration,
    }

    /// Where the cursor of a page for peers stands.
    SharedCursor {
        AtTheLastFact,
        /// At the fact behind the last, where there is one.
        OneTooFar,
        /// Before the last fact, where none follows.
        OneTooShort,
        /// At the end of the table, where the page is empty.
        AtTheEndOfTheTable,
    }

    /// When a page for peers says that there is more.
    MoreToCome {
        WhenFactsFollow,
        /// When it is full.
        WhenFull,
        /// When rows of any kind follow.
        WhenRowsFollow,
    }

    /// How many facts a page for peers has at most.
    SharedPageSize {
        Limit,
        /// One more than was asked for.
        LimitAndOne,
    }

    /// The order of facts within a page for peers.
    SharedPageOrder {
        AsListed,
        /// By entity.
        Entity,
    }

    /// Where a peer goes on in the list.
    PlaceInTheList {
        InTheCursor,
        /// Where the page before ended that it was sent.
        KeptByThePublisher,
        /// Behind everything that was said before the node started.
        BehindTheStart,
    }

    /// How long a cursor for peers is good.
    SharedCursorLife {
        AsTheDatabase,
        /// As long as the process lives.
        AsTheProcess,
    }
}

impl Shareable {
    /// The condition of what is listed, made of the right one. `scopes` is that of the readable scopes; the page begins
    /// after the row `after`.
    pub(crate) fn amend(self, right: String, scopes: &str, after: i64, limit: u32) -> String {
        const LOCAL: &str = "f.scope = 0 AND f.relation NOT GLOB 'stigmem:*'";
        const NEWER: &str = "SELECT 1 FROM fact n WHERE n.seq > f.seq AND n.received_from IS NULL AND n.scope > 0 \
             AND n.relation NOT GLOB 'stigmem:*'";
        let more = |what: &str| format!("({right} OR ({what}))");
        let less = |what: &str| format!("{right} AND {what}");
        let none = |state: State| {
            let code = state.code();
            less(&format!(
                "NOT EXISTS (SELECT 1 FROM entry s WHERE s.seq = f.seq AND s.state = {code})"
            ))
        };
        let unless = |sign: &str| {
            less(&format!(
                "NOT EXISTS (SELECT 1 FROM fact c WHERE c.seq = {after} \
                 AND (f.wall, f.counter) {sign} (c.wall, c.counter))"
            ))
        };
        match self {
            Self::WhatMayPass => right,
            Self::LocalFactsToo => more(LOCAL),
            Self::LocalFactsAsPermitted => more(&format!("{LOCAL} AND {scopes}")),
            Self::ConflictsToo => more(&format!("f.entity GLOB 'stigmem:conflict:*' AND {scopes}")),
            Self::ReservedRelationsToo => more(&format!(
                "f.relation GLOB 'stigmem:*' AND f.source NOT GLOB 'system:*' AND {scopes}"
            )),
            Self::NotesToo => more("f.relation = 'stigmem:received_from'"),
            Self::SystemSourcesToo => more(&format!(
                "f.source GLOB 'system:*' AND f.relation NOT GLOB 'stigmem:*' AND {scopes}"
            )),
            Self::NoTeamFacts => less(&format!("f.scope <> {}", Scope::Team.code())),
            Self::NothingExpired => none(State::Expired),
            Self::NothingHidden => none(State::Hidden),
            Self::NothingWithdrawn => none(State::Retracted),
            Self::NothingOld => less("f.wall > (strftime('%s', 'now') - 31536000) * 1000"),
            Self::NewestSixteen => less(&format!(
                "(f.received_from IS NOT NULL OR NOT EXISTS ({NEWER} LIMIT 1 OFFSET 15))"
            )),
            Self::FirstRows => less(&format!("f.seq <= {}", after + i64::from(limit) + 1)),
            Self::NoLowerClock => unless("<"),
            Self::NoEqualClock => unless("="),
        }
    }

    /// The index that carries the conditions, as far as they are the right ones.
    pub(crate) const fn index(self) -> &'static str {
        match self {
            Self::WhatMayPass => "INDEXED BY fact_for_peers",
            _ => "",
        }
    }
}

impl SharedOrder {
    pub(crate) const fn columns(self) -> &'static str {
        match self {
            Self::Arrival => "f.seq",
            Self::ScopeThenArrival => "f.scope, f.seq",
            Self::Clock => "f.wall, f.counter, f.seq",
        }
    }

    /// The condition of what comes behind a row, which is its parameter.
    pub(crate) const fn behind(self) -> &'static str {
        match self {
            Self::Arrival => "f.seq > ?",
            Self::ScopeThenArrival => {
                "coalesce((SELECT (f.scope, f.seq) > (c.scope, c.seq) FROM fact c WHERE c.seq = ?), 1)"
            }
            Self::Clock => {
                "coalesce((SELECT (f.wall, f.counter, f.seq) > (c.wall, c.counter, c.seq) \
                 FROM fact c WHERE c.seq = ?), 1)"
            }
        }
    }
}

impl HandedOn {
    /// The condition of a received fact; its parameter is the name of the peer that asks.
    pub(crate) fn condition(self) -> String {
        const ARRIVED_AT: &str = "(SELECT n.timestamp FROM fact n WHERE n.seq = f.seq + 1)";
        let (company, public) = (Scope::Company.code(), Scope::Public.code());
        match self {
            Self::PublicFacts | Self::PublicFactsAnyway => format!("f.scope = {public} AND f.received_from <> ?"),
            Self::Nothing => "f.scope < 0 AND f.received_from <> ?".to_owned(),
            Self::CompanyFactsToo => format!("f.scope >= {company} AND f.received_from <> ?"),
            Self::BackToTheBringer => format!("f.scope = {public} AND f.received_from IS NOT NULL AND ? <> ''"),
            Self::FirstPeerAlone => format!(
                "f.scope = {public} AND EXISTS (SELECT 1 FROM peer p WHERE p.node_id = ? \
                 AND p.node_id <> f.received_from AND p.seq = (SELECT min(seq) FROM peer WHERE status = 0))"
            ),
            // The note of who brought a fact stands behind it, and is dated here.
            Self::SinceRegistration => format!(
                "f.scope = {public} AND EXISTS (SELECT 1 FROM peer p WHERE p.node_id = ? \
                 AND p.node_id <> f.received_from AND p.established_at < {ARRIVED_AT})"
            ),
        }
    }
}

impl PlaceInTheList {
    /// The row that the page begins after, where the peer asked for what follows `asked`.
    pub(crate) fn of(self, peer_id: &str, asked: i64) -> i64 {
        match self {
            Self::KeptByThePublisher => kept(|places| places.get(peer_id).copied().unwrap_or(0)),
            _ => asked,
        }
    }

    pub(crate) fn keep(self, peer_id: &str, last: Option<i64>) {
        if let (Self::KeptByThePublisher, Some(last)) = (self, last) {
            kept(|places| places.insert(peer_id.to_owned(), last));
        }
    }
}

fn kept<T>(act: impl FnOnce(&mut BTreeMap<String, i64>) -> T) -> T {
    static KEPT: Mutex<BTreeMap<String, i64>> = Mutex::new(BTreeMap::new());
    act(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}
