//! Policies of what received facts do, and of what a node does without its peers.

policies! {
    /// When assertions are taken.
    Writes {
        Always,
        /// While a peer can be reached.
        WithAPeer,
    }

    /// What a known fact does when it arrives again.
    MetAgain {
        ChangesNothing,
        /// It is noted once more, when its bringer brings it again.
        IsNotedForItsBringer,
        /// It is noted once more, when another peer brings it.
        IsNotedForAnother,
        /// It is noted once more, while what was lost is fetched again.
        IsNotedInARecovery,
        /// What was withdrawn on its triple is live again.
        RevivesItsTriple,
        /// It is stored under a new id, when it has other contents.
        IsNewWhenChanged,
        /// It is stored under a new id, for each peer that brings it.
        IsNewFromAnother,
    }

    /// What a received fact does once it is stored.
    OnArrival {
        NothingFurther,
        /// A `stigmem:ttl` fact ends its target.
        ExpiriesCount,
        /// The status of a conflict settles it.
        SettlementsCount,
        /// Facts about conflicts make them, and settle them.
        ConflictsCount,
        /// The conflicts that it opened are there for the other direction as well.
        ConflictsAreDoubled,
        /// It is withdrawn when it contradicts what was said here.
        OwnWordStandsAlone,
        /// What was said here is preferred to it.
        OwnWordIsPreferred,
    }

    /// Refused facts that the audit speaks of.
    NotedReasons {
        All,
        /// Not those refused for their scope.
        NotScopes,
        /// Not those refused for their source.
        NotSources,
    }

    /// Who counts as the bringer of a fact.
    Bringer {
        Sender,
        /// Whom the fact names.
        AsSent,
    }
}

impl NotedReasons {
    pub(crate) fn include(self, reason: &str) -> bool {
        match self {
            Self::All => true,
            Self::NotScopes => reason != "scope_not_permitted",
            Self::NotSources => reason != "source_not_owned",
        }
    }
}
