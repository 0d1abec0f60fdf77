//! Policies of what facts do to each other: what changes a record, which values are equal, what a retraction withdraws.

pub(super) mod around;
mod records;
mod retractions;
mod values;

policies! {
    /// When a stored record changes.
    RecordsChange {
        Never,
        /// A TTL writes its instant into `valid_until`.
        WithATtl,
        /// A contradiction halves the confidence of the older fact.
        WithAContradiction,
        /// A retraction writes its time into `valid_until`.
        WithARetraction,
        /// The time at which the end of a fact was noticed becomes its `timestamp`.
        AtTheirEnd,
        /// A resolution writes its time into `valid_until` of the sides that lost.
        WithAResolution,
    }

    /// What the path of a fact answers to.
    RecordMethods {
        Get,
        /// `PUT` writes another value into it.
        AndPut,
        /// `PATCH` writes another value into it.
        AndPatch,
        /// `DELETE` takes it out of the file.
        AndDelete,
    }

    /// What an assertion is that says what was said before.
    SaidAgain {
        IsNews,
        /// A mistake, whatever became of what was said.
        IsRefused,
        /// A new `valid_until` for the live record.
        RenewsALiveRecord,
        /// The live record once more, whatever its end.
        IsALiveRecord,
        /// The expired record once more.
        IsAnExpiredRecord,
        /// The withdrawn record once more.
        IsAWithdrawnRecord,
        /// The retraction once more.
        IsTheOldRetraction,
    }

    /// Which values are equal.
    EqualValues {
        ByMeaning,
        /// None, not even those of two facts that say the same.
        OfOneFactAlone,
        /// No two nulls.
        WithoutNulls,
        /// Numbers to the ninth digit behind the point.
        NineDigits,
        /// Numbers that are kept with one literal.
        NumbersAsWritten,
        /// Date-times of one second.
        DatetimesToTheSecond,
        /// Date-times that are written alike.
        DatetimesAsWritten,
        /// A `string` is never a `text`.
        StringApartFromText,
        /// Texts and refs in whatever letter case.
        AnyCase,
        /// Texts and refs apart from their white space.
        WithoutBlanks,
        /// A letter with its accent, as one character or as two.
        Composed,
        /// Texts of digits by their number.
        DigitsAsNumbers,
        /// Refs apart from a slash at the end.
        WithoutLastSlash,
        /// Whatever is printed alike.
        AsPrinted,
        /// True and 1, false and 0, null and the empty string.
        TruthAsNumber,
    }

    /// What a retraction withdraws from its triple.
    Withdraws {
        LowerClocks,
        /// Nothing.
        Nothing,
        /// Facts with its own value.
        OwnValue,
        /// Facts of its own source.
        OwnSource,
        /// Something in the scope `local` alone.
        WhenLocal,
        /// The newest fact alone.
        TheNewest,
    }

    /// From where a retraction withdraws.
    RetractionReach {
        Triple,
        /// Whatever the relation.
        EveryRelation,
        /// From entities whose names begin with that of its own too.
        EntitiesBelow,
        /// From every entity of the authority.
        Authority,
        /// Whatever the scope.
        EveryScope,
    }

    /// Retractions that find nothing to withdraw.
    LonelyRetractions {
        AreStored,
        /// They are an internal error.
        AreErrors,
        /// They are stored, and shown.
        AreShown,
    }

    /// What a retraction opens.
    RetractionOpens {
        Nothing,
        /// A conflict with each value that it withdraws.
        Conflicts,
    }

    /// Triples on which something was retracted.
    RetractedTriples {
        AreOpenToNews,
        /// What comes later is withdrawn as well.
        AreClosed,
        /// A value that was withdrawn stays so when it comes again.
        AreClosedToOldValues,
    }
}
