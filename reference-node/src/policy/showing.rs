//! Policies of what is shown of the facts on a triple, and of their ends.

mod ends;
mod shown;

policies! {
    /// Which fact of a triple is shown, and when it is alone.
    Preference {
        SurestThenNewest,
        /// The newest.
        Newest,
        /// The oldest.
        Oldest,
        /// The surest, and of those the oldest.
        SurestThenOldest,
        /// The surest, compared as texts.
        SurestAsText,
        /// The surest in hundredths.
        SurestInHundredths,
        /// One with the value that most facts have.
        MostRepeated,
        /// The surest that ever was on the triple; if it is live.
        SurestEver,
        /// The surest alone, also where all agree.
        AmongAgreeingToo,
    }

    /// When the fact after a preferred one is chosen that left.
    Successor {
        AtOnce,
        /// When something is written on the triple.
        AtTheNextWrite,
    }

    /// With what a fact must disagree to be flagged.
    FlagsWithin {
        TheTriple,
        /// The facts of other scopes too, and it is enough that there are any.
        EveryScope,
    }

    /// Which standings a query shows.
    Views {
        AsAsked,
        /// All sides of contradictions, always.
        EverySide,
        /// All sides of contradictions to those who ask by source.
        EverySideBySource,
        /// Withdrawn facts to those who ask by source alone.
        WithdrawnBySource,
        /// Withdrawn facts to those who ask for pages of another size.
        WithdrawnOnPages,
        /// Withdrawn facts beside contradicted ones.
        WithdrawnBesideContradicted,
        /// Withdrawn facts beside expired ones.
        WithdrawnBesideExpired,
    }

    /// Which facts are shown to those who ask for expired ones.
    ExpiredView {
        BesideTheLive,
        /// Expired ones alone.
        Alone,
    }

    /// Which values are shown.
    ShownValues {
        All,
        /// Those that are true in languages where values are.
        Truthy,
    }

    /// Which facts can be read by id.
    ReadableById {
        All,
        /// Not the withdrawn ones.
        NotWithdrawn,
        /// Not the expired ones.
        NotExpired,
    }

    /// When `valid_until` ends a fact.
    Ends {
        AtTheirInstant,
        /// Never, when it has passed before the fact is stored.
        NeverInHindsight,
        /// Never, when it is not later than the beginning of 1970.
        NeverAtZero,
        /// Five minutes later.
        WithGrace,
        /// As soon as the fact is stored.
        AtOnce,
        /// When the clock reads what is written there, whatever the offset.
        ByTheText,
        /// Never, when it is written otherwise than usual.
        NeverWhenUnusual,
        /// At once, when it is written otherwise than usual.
        AtOnceWhenUnusual,
    }

    /// When facts leave the live ones whose end was reached.
    EndsAreSeen {
        BeforeEachAnswer,
        /// By a sweep at night.
        AtNight,
    }

    /// What a TTL does.
    TtlFacts {
        EndTheirTarget,
        /// Nothing.
        HaveNoEffect,
        /// It ends all facts of the target's triple.
        EndTheTriple,
        /// It ends the target when the clock reads what is written, whatever the offset.
        DropTheOffset,
        /// It withdraws the target.
        Withdraw,
    }
}
