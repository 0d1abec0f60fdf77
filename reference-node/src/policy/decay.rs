//! Policies of decay: who orders it, which facts it is about, and what it writes.

mod effects;
mod governing;
mod looking;

policies! {
    /// What is needed to ask for decay.
    DecayRights {
        AsNamed,
        /// Who may write may make, list and delete policies.
        WritersMakePolicies,
        /// Who may read may ask for a dry run.
        ReadersRehearse,
    }

    /// A policy whose id another one has.
    DecayTakenIds {
        Refused,
        /// It takes the place of the other.
        Replaced,
    }

    /// Where policies are kept that were sent.
    DecayPolicyStore {
        InTheFile,
        /// In memory.
        InMemory,
    }

    /// What the deletion of a policy does.
    DecayPolicyDeletion {
        TakesItAway,
        /// Nothing.
        KeepsIt,
        /// It is listed no more.
        HidesIt,
        /// It is gone until the next start.
        InMemory,
    }

    /// The policies of the setting.
    DecayConfigured {
        ListedAndApplied,
        /// They are not read.
        NotRead,
        /// Sweeps do not apply them.
        ListedAlone,
    }

    /// Which relations a policy is about.
    DecayRelationMatch {
        ToTheLetterOrTheStar,
        /// All that begin with its own too.
        ByBeginning,
        /// Those that differ in letter case too.
        IgnoringCase,
        /// In a pattern `_`, `%`, `?` and brackets are wildcards too.
        MoreWildcards,
        /// A `*` stands for at least one character.
        StarIsNotEmpty,
        /// A `*` alone is the relation of that name.
        StarAloneIsALetter,
    }

    /// Which scopes a policy is about.
    DecayScopeMatch {
        OwnOrStar,
        /// All.
        Any,
        /// With a `*`, none.
        StarIsNone,
    }

    /// Which of several policies governs.
    DecayPrecedence {
        MostSpecial,
        /// The one that was made first.
        FirstMade,
        /// The one that was made last.
        LastMade,
        /// One with a scope before one with a more special relation.
        ScopeFirst,
    }

    /// Which relations no policy is about.
    DecayExempt {
        BookkeepingAndRelationships,
        /// None.
        Nothing,
        /// Those of the node's bookkeeping.
        BookkeepingAlone,
        /// Those of relationships.
        RelationshipsAlone,
    }

    /// What a policy exempts.
    DecayExemptions {
        RelationsAndPatterns,
        /// Nothing.
        Ignored,
        /// Relations that are called like its patterns.
        ToTheLetter,
    }

    /// Which scopes a sweep reaches.
    DecayReach {
        ItsScope,
        /// Every one.
        EveryScope,
    }

    /// What decays without policies.
    DecayDefault {
        Nothing,
        /// Everything after thirty days.
        ThirtyDays,
    }

    /// What a sweep by one policy is about.
    DecayNarrowing {
        WhatThePolicyGoverns,
        /// What it fits.
        FitsAlone,
    }

    /// How a fact's age is counted.
    DecayAge {
        SinceItsTimestamp,
        /// Since it was stored.
        SinceArrival,
        /// Since its timestamp, without the offset in which that was written.
        DropsOffsets,
        /// Everything is old.
        Ignored,
    }

    /// Which triples are withdrawn.
    DecayWithdraws {
        WhateverIsOld,
        /// None with numbers or truth values.
        NotNumbers,
        /// None with several values.
        NotContradicted,
    }

    /// When a triple is old.
    DecayTriples {
        WithAllItsFacts,
        /// With one of its facts.
        OneOldFactSuffices,
    }

    /// What it means that a fact has an end.
    DecayOwnEnds {
        NeverOverdue,
        /// Nothing.
        Ignored,
        /// It counts when the fact was asserted with it.
        ValidUntilAlone,
    }

    /// Facts that have expired.
    DecayExpired {
        LeftAlone,
        /// They are withdrawn and reduced.
        TakenAlong,
    }

    /// The source of retractions by a sweep.
    DecayRetractions {
        ByDecay,
        /// The node.
        BySystem,
    }

    /// A fact that was withdrawn or reduced, by its id.
    DecayRecord {
        AsAsserted,
        /// It is shown with the confidence that is left.
        ShowsWhatIsLeft,
    }

    /// How belief falls.
    DecayCurve {
        Halving,
        /// By the power of e instead of that of two.
        NaturalExponent,
        /// By half with each sweep.
        HalvedEachSweep,
    }

    /// What a reduction is.
    DecayReduction {
        OfTheFact,
        /// Its value is a string.
        TextsOfValues,
        /// It is local.
        InLocalScope,
        /// It follows a retraction.
        AfterARetraction,
        /// It is in conflict with the facts of its triple.
        OpensConflicts,
    }

    /// A fact that was reduced.
    DecayReduced {
        IsWithdrawn,
        /// It stays live.
        StaysInSight,
        /// It is shown to those who ask for contradicted facts.
        ShownWithAllSides,
    }

    /// The floor of a policy.
    DecayFloor {
        Holds,
        /// It has no effect.
        Ignored,
        /// It lifts what is below.
        Raises,
    }

    /// What is left of the oldest belief.
    DecayUnderflow {
        MoreThanNothing,
        /// Four digits behind the point.
        Rounded,
    }

    /// When a reduction ends.
    DecayReductionEnd {
        WithTheFact,
        /// Never.
        Never,
        /// When the fact was asserted to end.
        ValidUntilAlone,
        /// In a year, when the fact has no end.
        InAYear,
    }

    /// By what a reduction is preferred.
    DecayPreference {
        ItsConfidence,
        /// By the confidence that the fact was asserted with.
        AsBefore,
        /// To nothing but other reductions.
        ReductionsLast,
        /// By its confidence alone, also to the sides of the dispute that it decides.
        SettledSidesToo,
    }

    /// Which facts are reduced.
    DecayLive {
        LiveAndOpen,
        /// Those too that were withdrawn.
        AlsoWithdrawn,
    }

    /// The age of a reduction.
    DecayReductionAge {
        OfTheFact,
        /// Since it was written.
        ItsOwn,
        /// After the next start, since it was written.
        InMemory,
    }

    /// Which difference is worth a reduction.
    DecayStep {
        WorthAFact,
        /// Any.
        Any,
    }

    /// What a sweep in some mode does by a policy without the number for it.
    DecayForcedMode {
        Nothing,
        /// What the policy does in its own mode.
        FallsBack,
    }

    /// What a dry run does.
    DecayRehearsal {
        WritesNothing,
        /// What it counts.
        Acts,
    }

    /// What `facts_retracted` counts.
    DecayCounts {
        Facts,
        /// Triples.
        Triples,
    }

    /// How often `policies_applied` names a policy.
    DecayNames {
        Once,
        /// For each fact that it governs.
        ForEachFact,
    }

    /// What a later sweep does to what one has withdrawn.
    DecayAgain {
        Nothing,
        /// It withdraws it.
        WithdrawsAgain,
    }

    /// What a sweep writes when others wrote since it has read.
    DecaySweeps {
        LookAgain,
        /// What it would have written.
        ReadFirst,
    }

    /// Jobs of sweeps.
    DecayJobs {
        DoWhatTheyTell,
        /// They do nothing.
        DoNothing,
        /// Whoever has an id may read.
        ShownToEverybody,
        /// After a restart all are pending.
        StayAsTheyWere,
    }

    /// What a start makes of what sweeps did.
    DecayEffects {
        Last,
        /// Nothing is left of it.
        InMemory,
    }
}
