//! Policies of taking in what other nodes send.

use crate::domain::address::authority_of_name;
use crate::domain::hlc::Hlc;
use crate::domain::peer::{Peer, Way};
use crate::domain::scope::{Scope, ScopeSet};
use crate::store::Outcome;

policies! {
    /// What may stand in a page's list of facts.
    PageElements {
        Anything,
        /// Something else than an object makes the page unreadable.
        Objects,
        /// An element of more than a MiB makes the page unreadable.
        ShortOnes,
    }

    /// What facts of a page do to the others when they are refused.
    BadFacts {
        AreRefusedAlone,
        /// The good ones are lost with them.
        SpoilThePage,
        /// The good ones behind them are lost.
        SpoilWhatFollows,
    }

    /// When the cursor of a page is kept and followed.
    CursorMoves {
        WithEachPage,
        /// Not when a fact of the page was refused.
        UnlessOneIsRefused,
        /// Not when no fact of the page was new.
        WhenOneIsStored,
    }

    /// What happens after a fact was refused.
    AfterARefusal {
        TheNodeGoesOn,
        /// No fact of any peer is stored any more.
        NothingIsTakenIn,
    }

    /// What is mended about a received fact before it is judged; its content id is then left out.
    Mends {
        Nothing,
        /// Members that are not there get a value.
        Gaps,
        /// Members of another JSON type are converted, or get a value.
        Types,
        /// A value of an unknown type is a string.
        UnknownTypes,
        /// A value has the type that its `v` looks like.
        ValueTypes,
        /// A number that is too large becomes the largest double.
        HugeNumbers,
        /// A confidence outside 0 to 1 counts as 1.
        Confidence,
        /// A confidence of a millionth more than 1 is 1.
        NearlyOne,
        /// A scope that is none of the four is `public`.
        Scopes,
    }

    /// What a received fact needs beyond what the protocol asks.
    AlsoRequired {
        Nothing,
        /// Instants have an offset.
        Offsets,
        /// The relation has a prefix.
        RelationPrefix,
        /// The value has at most 16 KiB.
        ShortValue,
        /// There is an `hlc`.
        ClockValue,
        /// A value has no members beside `type` and `v`.
        BareValue,
        /// There is a `cid`.
        ContentId,
    }

    /// Which names nobody may send facts about.
    ReservedNames {
        ConflictsAndBookkeeping,
        /// Conflicts are everybody's.
        Bookkeeping,
        /// Of the relations below `stigmem:` those that the node uses.
        ConflictsAndKnownRelations,
        /// None.
        Nothing,
    }

    /// How the content id of a received fact is checked.
    ContentIds {
        AreChecked,
        /// They are not.
        AreNotChecked,
        /// Over the names in normal form.
        AreOfNormalNames,
        /// A number is tried in the kind in which it is printed.
        AreOfPrintedNumbers,
        /// A false one is called malformed.
        AreMalformedWhenFalse,
    }

    /// Numbers of which the content id cannot be checked.
    UnprovableNumbers {
        AreTaken,
        /// They are refused, and their page with them.
        SpoilThePage,
    }

    /// What is stored of a received fact.
    Copies {
        AreAsReceived,
        /// Names are brought into normal form.
        HaveNormalNames,
        /// Texts are trimmed and rid of what is not visible.
        HaveTidyTexts,
        /// References and date-times are spelt as usual.
        HaveOneSpelling,
        /// The timestamp is that of the arrival.
        AreDatedAtArrival,
        /// A timestamp without an offset is that of the arrival.
        AreDatedAtArrivalWithoutOffset,
        /// The confidence is a tenth lower.
        AreDiscounted,
        /// The text of the `hlc` is padded.
        HavePaddedClocks,
        /// The `hlc` is this node's.
        AreRestamped,
        /// Numbers are doubles.
        HaveDoubles,
        /// Numbers without a fraction are integers.
        HaveIntegers,
    }

    /// The facts that say who brought a fact.
    Notes {
        AreLocal,
        /// They have the scope of the fact.
        HaveTheFactsScope,
        /// There are none.
        Missing,
        /// They are stored a moment after the facts.
        Later,
    }

    /// Which received facts the clock follows.
    ClockFollows {
        Everything,
        /// Those that were pulled.
        Pulls,
        /// None.
        NothingReceived,
    }

    /// Where the clock goes on after a start.
    ClockAfterStart {
        AtTheHighestStamp,
        /// At the highest stamp of what was said here.
        AtTheHighestOwnStamp,
    }

    /// Received facts whose id is stored already.
    KnownIds {
        ChangeNothing,
        /// They are judged like others, and refused.
        AreJudged,
        /// Who brings them is noted each time.
        AreNotedAgain,
        /// They open their conflicts each time.
        AreContestedAgain,
        /// They take the place of the record.
        AreReplaced,
    }

    /// Which scopes a peer's facts may have when they are pulled.
    PulledScopes {
        DeclaredAndAllowed,
        /// What the operator allows.
        Allowed,
        /// What the peer declared.
        Declared,
        /// Every one.
        Any,
    }

    /// Which sources are the system's.
    SystemSources {
        BelowSystem,
        /// `system:stigmem` alone.
        StigmemAlone,
        /// Whatever begins with the word.
        FromTheWordOn,
        /// None.
        Nobody,
    }

    /// Whose word a peer may not bring when it is pulled from.
    OthersVoices {
        NodesAndNeighbours,
        /// A neighbour's.
        Neighbours,
        /// The node's own.
        TheNodes,
        /// Nor may a neighbour bring its own.
        AnyPeers,
        /// Nor that of informal names.
        InformalOnes,
        /// Nor that of other authorities.
        ForeignAuthorities,
        /// Nor that of other nodes.
        ForeignNodes,
    }

    /// Which names are a node's.
    NamesOfANode {
        IdAndAuthority,
        /// Its id.
        IdAlone,
        /// Those in which its authority stands anywhere.
        AuthorityAnywhere,
    }

    /// How a name is spelt when its authority is looked for.
    AuthorityIn {
        TheNormalForm,
        /// As it was sent.
        TheTextAsSent,
    }

    /// When a peer counts as one that delivers its facts in person.
    Deliveries {
        WhenTheLastPullSucceeded,
        /// Once a pull has failed, never again.
        UntilAPullFails,
        /// Once a pull has succeeded, for ever.
        OnceAPullSucceeded,
        /// Always.
        TakenForGranted,
    }

    /// What received facts that contradict stored ones do.
    Objections {
        AreStored,
        /// They are refused.
        AreRefused,
        /// They withdraw what they contradict.
        WithdrawTheOther,
        /// They open no conflict.
        OpenNothing,
        /// A conflict is opened with facts of the same value too.
        IncludeAgreement,
    }

    /// What a received retraction withdraws.
    ReceivedRetractions {
        WithdrawLowerClocks,
        /// Of what has a lower clock, what arrived before.
        WithdrawWhatIsHere,
        /// Everything that arrived before, whatever its clock.
        WithdrawAllThatIsHere,
        /// Nothing.
        WithdrawNothing,
    }

    /// What the order of arrival decides among received facts that contradict each other.
    ArrivalOrder {
        DecidesNothing,
        /// The first is preferred.
        PrefersTheFirst,
        /// Of two of one confidence the last is preferred.
        BreaksTies,
    }
}

impl PageElements {
    pub(crate) fn include(self, element: &[u8]) -> bool {
        match self {
            Self::Anything => true,
            Self::Objects => element.starts_with(b"{"),
            Self::ShortOnes => element.len() <= 1 << 20,
        }
    }
}

impl CursorMoves {
    /// Whether it does when this became of the facts of its page.
    pub(crate) fn after(self, outcomes: &[Outcome]) -> bool {
        match self {
            Self::WithEachPage => true,
            Self::UnlessOneIsRefused => !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Refused(_))),
            Self::WhenOneIsStored => outcomes.is_empty() || outcomes.contains(&Outcome::Stored),
        }
    }
}

impl ClockFollows {
    pub(crate) fn facts_that_came_by(self, way: Way) -> bool {
        match self {
            Self::Everything => true,
            Self::Pulls => way == Way::Pull,
            Self::NothingReceived => false,
        }
    }
}

impl PulledScopes {
    pub(crate) fn of(self, peer: &Peer, allowed: ScopeSet) -> ScopeSet {
        match self {
            Self::DeclaredAndAllowed => peer.permitted(allowed),
            Self::Allowed => allowed.iter().filter(|scope| *scope != Scope::Local).collect(),
            Self::Declared => peer.permitted(ScopeSet::ALL),
            Self::Any => ScopeSet::ALL,
        }
    }
}

impl SystemSources {
    pub(crate) fn include(self, source: &str) -> bool {
        match self {
            Self::BelowSystem => source.starts_with("system:"),
            Self::StigmemAlone => source == "system:stigmem",
            Self::FromTheWordOn => source.starts_with("system"),
            Self::Nobody => false,
        }
    }
}

impl OthersVoices {
    /// Whether a source is refused that belongs to no neighbour; `known` says whether it is the sender's or the node's own.
    pub(crate) fn include(self, source: &str, known: impl Fn() -> bool) -> bool {
        match self {
            Self::NodesAndNeighbours | Self::Neighbours | Self::TheNodes => false,
            Self::AnyPeers => known(),
            Self::InformalOnes => !source.starts_with("stigmem:") && !known(),
            Self::ForeignAuthorities => authority_of_name(source).is_some() && !known(),
            Self::ForeignNodes => source.starts_with("stigmem:node:") && !known(),
        }
    }
}

impl ReceivedRetractions {
    /// The clock below which facts are withdrawn.
    pub(crate) fn reach(self, own: Hlc) -> Hlc {
        match self {
            Self::WithdrawLowerClocks | Self::WithdrawWhatIsHere => own,
            Self::WithdrawAllThatIsHere => Hlc {
                wall: i64::MAX,
                counter: 0,
            },
            Self::WithdrawNothing => Hlc::default(),
        }
    }

    /// Whether facts that arrive later are withdrawn too.
    pub(crate) fn last(self) -> bool {
        matches!(self, Self::WithdrawLowerClocks | Self::WithdrawAllThatIsHere)
    }
}

impl ArrivalOrder {
    /// The confidence by which a fact is ranked; `place` counts the arrivals.
    pub(crate) fn weigh(self, confidence: f64, place: i64) -> f64 {
        let little = place as f64 * 1e-9;
        match self {
            Self::PrefersTheFirst if confidence > 0.0 => 1.0 - little,
            Self::BreaksTies if confidence > 0.0 => confidence + little,
            _ => confidence,
        }
    }
}
