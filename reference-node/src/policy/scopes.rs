//! Policies of scopes: what a key may write, read and be told of.

use crate::domain::caller::Caller;
use crate::domain::cursor::Position;
use crate::domain::scope::{Scope, ScopeSet};
use crate::store::{Filter, Name};

policies! {
    /// In which scopes a key writes.
    WriteScopes {
        Allowed,
        /// In all.
        All,
        /// In `local` without permission.
        AllowedAndLocal,
    }

    /// Which scopes a query shows.
    ReadScopes {
        Allowed,
        /// All, where it names none.
        AllUnasked,
        /// The first that is allowed, where it names none.
        FirstUnasked,
        /// The one it names, allowed or not.
        AnyAsked,
    }

    /// What is told of a fact that the caller may not read.
    HiddenFact {
        Unknown,
        /// Everything, to who has its id.
        OpenById,
        /// Everything, to who has its content id.
        OpenByContent,
        /// By its id, that it is there.
        Forbidden,
        /// That it is hidden.
        Hidden,
    }

    /// Which conflicts a caller sees and resolves.
    HiddenConflict {
        Unknown,
        /// The list has all.
        Listed,
        /// All can be resolved.
        Resolvable,
        /// Whoever resolves a hidden one is told that it is there.
        Forbidden,
    }

    /// What an empty list of scopes means.
    EmptyScopes {
        ReachNothing,
        /// All four.
        ReachAll,
    }

    /// The scope of what a resolution writes about the conflict.
    RecordScope {
        OfTheConflict,
        /// `public`.
        Public,
        /// `local`.
        Local,
    }

    /// Whose scopes a page shows that was asked for with a cursor.
    CursorScopes {
        OfTheCaller,
        /// Those of whom the cursor was issued to.
        OfTheFirstReader,
    }
}

impl WriteScopes {
    pub(crate) fn reach(self, caller: &Caller, scope: Scope) -> bool {
        match self {
            Self::Allowed => caller.may_touch(scope),
            Self::All => true,
            Self::AllowedAndLocal => scope == Scope::Local || caller.may_touch(scope),
        }
    }
}

impl ReadScopes {
    /// The scopes that a query shows which names none.
    pub(crate) fn unasked(self, allowed: ScopeSet) -> ScopeSet {
        match self {
            Self::Allowed | Self::AnyAsked => allowed,
            Self::AllUnasked => ScopeSet::ALL,
            Self::FirstUnasked => allowed.iter().take(1).collect(),
        }
    }

    /// Whether a query shows the scope that it names.
    pub(crate) fn asked(self, caller: &Caller, scope: Scope) -> bool {
        self == Self::AnyAsked || caller.may_touch(scope)
    }
}

impl HiddenFact {
    /// The scopes of the facts that are looked at under such a name.
    pub(crate) fn reach(self, name: Name, allowed: ScopeSet) -> ScopeSet {
        match (self, name) {
            (Self::OpenById | Self::Forbidden, Name::Id(_))
            | (Self::OpenByContent, Name::Cid(_))
            | (Self::Hidden, _) => ScopeSet::ALL,
            _ => allowed,
        }
    }
}

impl HiddenConflict {
    pub(crate) fn listed(self, allowed: ScopeSet) -> ScopeSet {
        if self == Self::Listed { ScopeSet::ALL } else { allowed }
    }

    pub(crate) fn resolvable(self, allowed: ScopeSet) -> ScopeSet {
        if self == Self::Resolvable {
            ScopeSet::ALL
        } else {
            allowed
        }
    }
}

impl EmptyScopes {
    pub(crate) fn of(self, scopes: ScopeSet) -> ScopeSet {
        match self {
            Self::ReachAll if scopes.is_empty() => ScopeSet::ALL,
            Self::ReachAll | Self::ReachNothing => scopes,
        }
    }
}

impl RecordScope {
    pub(crate) fn of(self, conflict: Scope) -> Scope {
        match self {
            Self::OfTheConflict => conflict,
            Self::Public => Scope::Public,
            Self::Local => Scope::Local,
        }
    }
}

/// Where a cursor has room for scopes: above the counter, which is small.
const COUNTER_BITS: u32 = 32;

impl CursorScopes {
    /// The position that a cursor carries from a page with such scopes.
    pub(crate) fn carried(self, position: Position, scopes: ScopeSet) -> Position {
        let bits = match self {
            Self::OfTheCaller => 0,
            Self::OfTheFirstReader => i64::from(scopes.bits()) << COUNTER_BITS,
        };
        Position {
            counter: position.counter | bits,
            ..position
        }
    }

    /// The query, with the scopes that its cursor carries.
    pub(crate) fn of(self, mut filter: Filter) -> Filter {
        if self == Self::OfTheFirstReader
            && let Some(from) = &mut filter.from
        {
            filter.scopes = Scope::ALL
                .into_iter()
                .filter(|scope| (from.counter >> (COUNTER_BITS + u32::from(scope.code()))) & 1 == 1)
                .collect();
            from.counter &= (1 << COUNTER_BITS) - 1;
        }
        filter
    }
}
