//! Policies of contradictions: between which facts they are, how they are recorded, and what a resolution does.

mod conflicts;
mod resolutions;
mod rivals;

policies! {
    /// Which facts a new one is compared with.
    Rivals {
        Live,
        /// Those of other sources.
        OfOtherSources,
        /// Those as sure as a tenth, when the new one is as well.
        SureEnough,
        /// None on a triple with a retraction.
        NoneAfterARetraction,
        /// Retractions too.
        AlsoRetractions,
        /// Expired ones too, also when the new one has expired.
        AlsoExpired,
        /// Withdrawn ones too.
        AlsoWithdrawn,
        /// Those of every relation.
        OfEveryRelation,
        /// Those of every entity of the authority.
        OfTheAuthority,
        /// Those of every scope.
        OfEveryScope,
        /// The best one alone.
        TheBest,
        /// Each for itself: two facts are a conflict, not two values.
        EachForItself,
        /// The live ones, but the new fact itself stands in their place.
        StandAside,
    }

    /// What a start makes of the values that a new fact is compared with.
    OldRivals {
        StayInMind,
        /// They are forgotten.
        AreForgotten,
    }

    /// When facts are compared that arrive at one moment.
    Comparison {
        InTheWrite,
        /// What there is to compare with is looked up some time before the write.
        BeforeTheWrite,
        /// Who writes reports what others reported meanwhile about its value.
        AroundTheWrite,
    }

    /// The facts that are the record of a conflict.
    RecordOfAConflict {
        OfTheNode,
        /// A comma between the two ids.
        WithAComma,
        /// No status, until it is resolved.
        WithoutStatus,
        /// They have the source of the newer side.
        BySourceOfTheNewer,
        /// They are as sure as the newer side.
        AsSureAsTheNewer,
        /// Their scope is `public`.
        Public,
        /// Their scope is `local`.
        Local,
    }

    /// The UUID in the name of a conflict.
    ConflictIds {
        Dashed,
        /// It has no dashes.
        Bare,
    }

    /// The sides of a conflict that have expired or were withdrawn.
    EndedSides {
        Whole,
        /// They are null.
        Null,
    }

    /// What a resolution does to the status of its conflict.
    StatusOfAConflict {
        Superseded,
        /// Nothing.
        Untouched,
        /// The old one stays beside the new one.
        Doubled,
        /// The old one is compared with the new one.
        Contradicted,
    }

    /// The fact that resolves a conflict.
    Decisions {
        AreCertain,
        /// It is as sure as the winner.
        AreAsSureAsTheWinner,
        /// A new value is as sure as the surer side.
        AreAsSureAsTheSides,
        /// Its scope is `local`.
        AreLocal,
        /// Its source is the node.
        AreTheSystems,
        /// Where the winner says the same, it is the winner.
        RepeatTheWinner,
    }

    /// Which fact can win a conflict.
    MayWin {
        EitherSide,
        /// The surer side.
        TheSurerSide,
        /// Any fact with the value of a side.
        AnyVoiceForASide,
    }

    /// What a resolution without an outcome does.
    WithoutOutcome {
        Refused,
        /// It lets the newer side win.
        TheNewerWins,
    }

    /// A resolution of what is resolved.
    SecondResolution {
        Refused,
        /// It takes the place of the first.
        Counts,
    }

    /// Which conflicts a resolution marks as resolved.
    ResolvedConflicts {
        TheNamed,
        /// None.
        Nothing,
        /// All of the authority and scope.
        OfTheAuthority,
    }

    /// Which values take no part in conflicts after a resolution.
    Settles {
        BothValues,
        /// None: the decision is compared with them.
        Nothing,
    }

    /// The sides of a conflict after its resolution.
    SettledSides {
        Hidden,
        /// They are shown beside the decision.
        Shown,
    }

    /// The fact that leads from a decision to its conflict.
    ResolvesLink {
        Stored,
        /// There is none.
        Missing,
    }
}
