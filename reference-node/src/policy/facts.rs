//! Policies of what a fact is: its members, values, names, clocks and content id.

mod clock;
mod content_id;
mod members;
mod names;
mod values;

policies! {
    /// What becomes of an assertion that a live fact has made already.
    Repetition {
        ANewRecord,
        /// With another confidence it is answered with the earlier record.
        TheEarlierRecord,
    }

    /// What the answer to an assertion shows.
    AnswerShows {
        StoredRecord,
        /// `entity` and `source` as they were sent.
        NamesAsSent,
        /// The `id` that was sent.
        IdAsSent,
    }

    /// How a relation is kept, and asked for.
    RelationForm {
        AsSent,
        /// In small letters.
        LowerCase,
        /// Trimmed, each run of white space as one blank.
        BlanksCollapsed,
        /// A letter and its combining accent as one character.
        Composed,
        /// Percent escapes as what they stand for.
        PercentDecoded,
        /// A slash at the end is dropped.
        WithoutLastSlash,
        /// Quotation marks and backslashes are dropped.
        WithoutQuotes,
        /// A character beyond the basic plane as a question mark.
        BasicPlane,
    }

    /// How finely a confidence is kept.
    ConfidenceSteps {
        Double,
        /// As one of 256 steps.
        Byte,
    }

    /// What the offset of `valid_until` counts for.
    OffsetOfEnds {
        Counted,
        /// The local time is taken for UTC.
        Dropped,
    }

    /// Whose `timestamp` is taken over.
    TimestampFrom {
        Administrators,
        /// That of any caller.
        Anybody,
    }

    /// How the characters of a `string` or `text` are kept.
    TextForm {
        AsSent,
        /// Without white space before and after.
        Trimmed,
        /// A letter and its combining accent as one character.
        Composed,
        /// What is beyond ASCII as question marks.
        Ascii,
        /// Control characters are dropped, tabs and line ends aside.
        WithoutControls,
        /// Markup and quotation marks as entities.
        EscapedForHtml,
        /// Apostrophes doubled.
        EscapedForSql,
        /// Backslash escapes as what they stand for.
        Unescaped,
        /// What follows the first 65,535 bytes is dropped.
        CutShort,
    }

    /// How a `datetime` is kept.
    DatetimeForm {
        AsSent,
        /// In UTC with a `Z`.
        Utc,
        /// In UTC, with the offset in digits.
        PrintedAnew,
    }

    /// How a `ref` is kept.
    RefForm {
        AsSent,
        /// Like the name of an entity.
        NormalisedName,
        /// A web address without its default port and its last slash.
        NormalisedUrl,
    }

    /// The longest value.
    ValueLimit {
        AsConfigured,
        /// One byte less than 64 KiB.
        Of65535Bytes,
    }

    /// How a number is kept, which is what its content id covers and what answers show.
    NumberForm {
        Canonical,
        /// The literal that was sent.
        AsSent,
        /// The integer zero with a minus that was sent.
        WithMinusZero,
        /// Rounded to single precision, integers aside.
        SinglePrecision,
        /// Without its minus.
        Unsigned,
        /// What follows a capital `E` is not read.
        WithoutCapitalExponent,
    }

    /// The kind of literal that answers show a number with.
    PrintedNumbers {
        AsKept,
        /// With a fraction or an exponent, integers too.
        Floats,
        /// As an integer where there is no fractional part.
        IntegersWhenWhole,
    }

    /// In which form a `source` is kept.
    SourceForm {
        Normalised,
        /// As it was sent.
        AsSent,
    }

    /// In which form queries look for a name.
    AskedNames {
        Normalised,
        /// As it was sent.
        AsSent,
        /// With all its escapes decoded.
        WithoutEscapes,
    }

    /// What becomes of white space before and after a name.
    NameEnds {
        Trimmed,
        /// It is treated like that within.
        Kept,
    }

    /// Which percent escapes of a name are decoded.
    NameEscapes {
        Unreserved,
        /// None.
        Kept,
        /// Unreserved characters, in one pass.
        UnreservedOnce,
        /// Those of all characters.
        AllDecoded,
    }

    /// Which parts of a name are put in small letters.
    NameCase {
        LowerEverywhere,
        /// Of a formal name the scheme and the authority, of others nothing.
        LowerInAuthority,
        /// All but the scheme and the authority of a formal name.
        LowerBehindAuthority,
    }

    /// What a run of white space within a name becomes.
    NameBlanks {
        OneDash,
        /// In the id of a formal name an escaped blank.
        EscapedInIds,
        /// In informal names it stays.
        KeptInInformal,
    }

    /// What else becomes of the id of a formal name and of informal names.
    NameCharacters {
        Kept,
        /// Dashes side by side become one.
        DashesMerged,
        /// Each dash becomes two; UUIDs and names of the node's own are spared.
        DashesDoubled,
        /// All but ASCII letters, digits and `-._~:/` is escaped.
        UrlEncoded,
        /// The digits of escapes are put in capitals.
        EscapesInCapitals,
    }

    /// What the slashes and dots in the id of a formal name are.
    IdSlashes {
        Characters,
        /// A path, to be resolved.
        Path,
    }

    /// What an informal name `type:id` is.
    InformalNames {
        Informal,
        /// A formal name of the node's own authority.
        MadeFormal,
    }

    /// What stands between the parts of the bytes of a content id.
    CidSeparators {
        Compact,
        /// Colons and commas with blanks behind.
        WithBlanks,
    }

    /// The confidence in the bytes of a content id.
    CidConfidence {
        FloatStyle,
        /// In the style of RFC 8785.
        Rfc8785,
        /// With six digits behind the point.
        SixDecimals,
        /// In single precision.
        SinglePrecision,
    }

    /// The names in the bytes of a content id.
    CidNames {
        AsKept,
        /// An informal name as a formal one of the node's own authority.
        InformalMadeFormal,
    }

    /// The scope in the bytes of a content id.
    CidScope {
        OfTheFact,
        /// `local`, whatever it is.
        AlwaysLocal,
    }

    /// The relation and the text of a value in the bytes of a content id.
    CidTexts {
        AsKept,
        /// Trimmed and in small letters.
        TrimmedLowerCase,
        /// A letter with an accent as two characters.
        Decomposed,
        /// A letter and its combining accent as one character.
        Composed,
        /// An empty text as `null`.
        NullWhenEmpty,
    }

    /// The text of a number in the bytes of a content id.
    CidNumbers {
        AsKept,
        /// With a fraction or an exponent, integers too.
        Floats,
        /// An integer as its double.
        DigitsOfTheDouble,
        /// As an integer where there is no fractional part.
        IntegersWhenWhole,
        /// With six digits and an exponent, integers aside.
        SixDigits,
        /// In single precision, integers aside.
        SinglePrecision,
    }

    /// Booleans and nulls in the bytes of a content id.
    CidWords {
        OfJson,
        /// In capitals, as some languages have them.
        OfPython,
    }

    /// What is escaped in the bytes of a content id.
    CidEscapes {
        NoMoreThanMust,
        /// What is beyond ASCII too.
        BeyondAscii,
        /// `<`, `>` and `&` too.
        Markup,
        /// Slashes too.
        Slashes,
        /// Control characters with digits in capitals.
        CapitalDigits,
        /// Every control character in the long form.
        NoShortForms,
        /// The quotation mark by its number.
        QuoteByNumber,
    }

    /// What a content id covers.
    CidMembers {
        Seven,
        /// The end of the fact too.
        ValidUntilToo,
        /// The time of the write too.
        TimestampToo,
    }

    /// Which of several facts a content id finds.
    FactOfSeveral {
        Newest,
        /// The oldest.
        Oldest,
    }

    /// How the clock goes on from one stamp to the next.
    Ticks {
        Upwards,
        /// It stands still until the wall clock moves.
        WithTheWallClock,
        /// It is read from two wall clocks in turn, 50 milliseconds apart.
        OfTwoClocks,
        /// Its counter grows by a hundred and never starts again.
        CounterGoesOn,
        /// Its wall part grows by one.
        FactByFact,
    }

    /// How finely the clock reads the wall clock.
    WallStep {
        Millisecond,
        /// In whole seconds.
        Second,
    }

    /// The unit of the wall part in a clock's text.
    WallUnit {
        Millisecond,
        /// Microseconds.
        Microsecond,
    }

    /// The least digits of the counter in a clock's text.
    CounterDigits {
        Three,
        /// As many as it has.
        One,
    }

    /// Where the clock starts with the process.
    FirstStamp {
        AfterTheLast,
        /// At zero.
        Zero,
        /// Where a polite stop left it.
        LeftByAPoliteStop,
    }

    /// The stamp of a fact that has expired already.
    StampOfHistory {
        OfTheClock,
        /// The instant at which it ended.
        ItsEnd,
    }

    /// The stamp of the fact that resolves a conflict.
    StampOfResolution {
        OfTheClock,
        /// That of the older side.
        OfTheOlderSide,
    }

    /// What becomes of members of an assertion that no fact has.
    UnknownMembers {
        Ignored,
        /// The assertion is refused.
        Refused,
    }
}
