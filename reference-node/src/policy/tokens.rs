//! Policies of peer tokens: what the node mints, what it reads and how it judges.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::domain::json::Json;

policies! {
    /// The key that signs what the node mints.
    TokenSigner {
        FederationKey,
        /// One that is published nowhere.
        KeyOfItsOwn,
    }

    /// Whom a minted token says it is of.
    TokenIssuer {
        NodeId,
        /// The node's address.
        NodeUrl,
    }

    /// Whom a minted token is for.
    TokenSubject {
        ThisPeer,
        /// Whoever was asked first since the start.
        FirstPeer,
    }

    /// Beginning and end of a minted token.
    TokenTimes {
        InMilliseconds,
        /// They are in seconds.
        InSeconds,
        /// They are 20 s ahead.
        Ahead,
    }

    /// The scopes that a pull asks for.
    AskedScopes {
        DeclaredAndAllowed,
        /// All that the peer declared.
        Declared,
        /// All that the operator allows.
        Allowed,
    }

    /// The word before a token.
    AuthScheme {
        Bearer,
        /// Any, or none.
        Any,
    }

    /// What an API key is on the routes of peers.
    ApiKeysAtTheDoor {
        NoTokens,
        /// It opens them.
        GoodAsTokens,
    }

    /// How many parts a token has.
    TokenParts {
        Three,
        /// Three or more, of which the first three are read.
        ThreeOrMore,
    }

    /// The characters of a token.
    TokenAlphabet {
        Base64Url,
        /// Others are skipped.
        OthersSkipped,
    }

    /// The algorithms that are taken.
    TokenAlgorithm {
        EdDsa,
        /// Whatever the header says, or does not say.
        NotRead,
        /// A header without one will do.
        EdDsaOrNothing,
        /// Its name may have other capitals.
        EdDsaInAnyCase,
    }

    /// What header and claims of a token may and must hold.
    TokenForm {
        Open,
        /// No claims but those of the protocol.
        KnownClaimsAlone,
        /// No members of the header but those of the protocol.
        KnownHeaderAlone,
        /// The header says the type.
        TypeRequired,
    }

    /// Claims of a wrong JSON type.
    ClaimTypes {
        Checked,
        /// What should be a text is made one.
        TextsAreMade,
        /// What should be a number counts as not given.
        NumbersAreDropped,
    }

    /// How the scopes of a token are written.
    ScopesClaim {
        ListOfWords,
        /// In any case, with blanks around.
        ListOfLooseWords,
        /// In a text with commas, too.
        ListOrText,
    }

    /// By what the issuer of a token is known.
    IssuerNames {
        NodeIds,
        /// By its address too.
        NodeIdsAndUrls,
    }

    /// Tokens of peers whose registration failed.
    RejectedPeers {
        TurnedAway,
        /// They are judged like others.
        Judged,
    }

    /// The key that a token has to be signed with.
    TokenKey {
        OfTheIssuer,
        /// That of any active peer.
        OfAnyPeer,
        /// The one in its header.
        InTheHeader,
        /// The one that lies where its header says.
        WhereTheHeaderSays,
    }

    /// What is made of the signature's S.
    TokenScalar {
        ToTheLetter,
        /// It is reduced first.
        Reduced,
    }

    /// The order in which the faults of a token are looked for.
    RefusalOrder {
        AsInTheTable,
        /// Those of its claims before that of the signature.
        ClaimsBeforeSignature,
        /// A missing nonce before too long a life.
        NonceBeforeLifetime,
        /// The standing of the peer last.
        StandingLast,
    }

    /// When a token ends.
    TokenEnd {
        AtExp,
        /// Never.
        Never,
        /// A minute after its beginning, if not before.
        AMinuteAfterIat,
        /// An hour after its beginning, when it does not say.
        AnHourAfterIatWithoutExp,
        /// At `exp`, which is in seconds when it is small.
        AtExpInEitherUnit,
    }

    /// Whom a token has to be for.
    Audience {
        NodeId,
        /// For the node's name or its address.
        NodeIdOrUrl,
        /// For anybody.
        Anybody,
    }

    /// How far ahead a token may be dated.
    IssuedAhead {
        HalfAMinute,
        /// Five minutes.
        FiveMinutes,
        /// As far as one likes.
        AnyTime,
        /// Not at all.
        NoTime,
    }

    /// The claim that a token is not good yet.
    NotBefore {
        Believed,
        /// It is not looked at.
        NotLookedAt,
    }

    /// What may be an hour at most.
    TokenLife {
        FromIatToExp,
        /// What is left of the life.
        FromNowToExp,
        /// Nothing.
        OfAnyLength,
    }

    /// What a token has to list of the scopes that its peer may read.
    ListedScopes {
        Any,
        /// Every one, or it grants none.
        All,
    }
}

impl TokenSubject {
    pub(crate) fn of(self, peer: &str) -> &str {
        static FIRST: OnceLock<String> = OnceLock::new();
        match self {
            Self::ThisPeer => peer,
            Self::FirstPeer => FIRST.get_or_init(|| peer.to_owned()),
        }
    }
}

impl TokenTimes {
    /// `iat` and `exp`.
    pub(crate) const fn span(self, now_millis: i64, life: i64) -> (i64, i64) {
        let (begin, end) = (now_millis, now_millis + life);
        match self {
            Self::InMilliseconds => (begin, end),
            Self::InSeconds => (begin / 1_000, end / 1_000),
            Self::Ahead => (begin + 20_000, end + 20_000),
        }
    }
}

impl TokenParts {
    /// How many parts are looked at: one more than there may be.
    pub(crate) const fn read(self) -> usize {
        match self {
            Self::Three => 4,
            Self::ThreeOrMore => 3,
        }
    }
}

impl TokenAlphabet {
    /// What is decoded of a part.
    pub(crate) fn of(self, part: &str) -> Cow<'_, str> {
        let known = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        match self {
            Self::Base64Url => part.into(),
            Self::OthersSkipped => part.chars().filter(known).collect(),
        }
    }
}

impl TokenAlgorithm {
    pub(crate) fn takes(self, name: Option<&str>) -> bool {
        match self {
            Self::EdDsa => name == Some("EdDSA"),
            Self::NotRead => true,
            Self::EdDsaOrNothing => name.is_none_or(|name| name == "EdDSA"),
            Self::EdDsaInAnyCase => name.is_some_and(|name| name.eq_ignore_ascii_case("EdDSA")),
        }
    }
}

impl TokenForm {
    pub(crate) fn takes(self, header: &Json<'_>, claims: &Json<'_>) -> bool {
        match self {
            Self::Open => true,
            Self::KnownClaimsAlone => is_of(claims, &["iss", "sub", "iat", "exp", "nbf", "nonce", "scopes"]),
            Self::KnownHeaderAlone => is_of(header, &["alg", "typ"]),
            Self::TypeRequired => header.member("typ").is_some(),
        }
    }
}

/// Whether an object has no members but these.
fn is_of(object: &Json<'_>, names: &[&str]) -> bool {
    match object {
        Json::Object(members) => members.iter().all(|(name, _)| names.contains(&&**name)),
        _ => false,
    }
}
