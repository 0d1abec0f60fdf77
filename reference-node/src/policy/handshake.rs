//! Policies of keys, declarations and looking declared nodes up.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use crate::domain::signing::below_the_group_order;

policies! {
    /// The padding of base64.
    KeyPadding {
        Absent,
        /// A published key has it.
        Written,
        /// Keys and signatures are read with it and without.
        Accepted,
    }

    /// Which points are keys.
    KeyOrder {
        Large,
        /// Those of small order too, and any signature holds under them.
        Any,
    }

    /// Where the federation key comes from.
    SeedOrigin {
        Chance,
        /// It is the same in every copy of the program.
        Program,
    }

    /// The node's own address, as it is published.
    PublishedAddress {
        Plain,
        /// It ends in a slash.
        WithSlash,
    }

    /// How a character beyond ASCII stands in the signed bytes.
    SignedEscapes {
        Utf16Units,
        /// As one escape, however large its number is.
        CodePoints,
        /// As UTF-8.
        Never,
    }

    /// What a declaration's signature covers.
    SignedMembers {
        TheFive,
        /// The rate limit as well, when there is one.
        RateLimitToo,
    }

    /// Members of a declaration that the protocol does not know.
    MembersBeside {
        PassedOver,
        /// Their declaration is malformed.
        Refused,
    }

    /// The order of declared scopes.
    ScopeOrder {
        AsSent,
        /// Another one than the alphabet's is malformed.
        MustBeSorted,
        /// A signature over sorted ones will do.
        SentOrSorted,
    }

    /// How declared scopes are read.
    ScopeSpelling {
        Exact,
        /// Blanks around them and capitals are passed over.
        Tidied,
    }

    /// When the signature of a declaration holds.
    SignatureCheck {
        Strict,
        /// It is a signature by its form.
        FormAlone,
        /// It held once, over whatever it was.
        GoodOnceGoodAlways,
        /// It holds when its S is reduced.
        ScalarReduced,
    }

    /// What becomes of a declaration that is malformed.
    MalformedDeclaration {
        NotStored,
        /// It stands in the list as rejected.
        StoredAsRejected,
    }

    /// How far from now a declaration may be dated.
    Freshness {
        OneDay,
        /// One hour.
        OneHour,
        /// Any time.
        AnyDate,
        /// One day back and any time ahead.
        AnyDateAhead,
        /// One day, and a date that cannot be read is the present.
        UnreadableIsPresent,
    }

    /// What has to be the same in declaration and discovery document.
    Compared {
        Everything,
        /// Keys may differ.
        AllButKeys,
        /// Node ids may differ.
        AllButNames,
        /// Addresses may differ.
        AllButAddresses,
    }

    /// When two addresses are the same.
    SameAddress {
        Parsed,
        /// When their texts are.
        Texts,
        /// When their texts are, save for a slash at the end of the declared one.
        TextsWithoutTheDeclaredSlash,
    }

    /// How a declared node is looked up.
    LookUp {
        BelowTheAddress,
        /// Not at all.
        Never,
        /// At the root of its host.
        AtTheRoot,
        /// With any status that means success.
        AnySuccess,
        /// A document that cannot be read does not count against it.
        UnreadableIsNoObjection,
        /// That it cannot be reached does not count against it.
        UnreachableIsNoObjection,
    }

    /// How long a discovery document may take, and how large it may be.
    DocumentLimits {
        FiveSecondsAnd64Kib,
        /// It may take 30 s.
        HalfAMinute,
        /// It may have 16 KiB.
        SixteenKib,
        /// It may have 1 MiB.
        OneMib,
    }

    /// Where the time for an answer ends.
    Patience {
        WithTheLastByte,
        /// The body may take its time.
        WithTheHead,
    }

    /// What becomes of a redirect by another node.
    Redirects {
        Ignored,
        /// The place it names is asked.
        Followed,
    }

    /// Addresses of this machine, for a node that is reached from elsewhere.
    OwnMachine {
        Refused,
        /// They are asked like others.
        Asked,
    }
}

impl PublishedAddress {
    pub(crate) fn of(self, url: &str) -> Cow<'_, str> {
        match self {
            Self::Plain => url.into(),
            Self::WithSlash => format!("{url}/").into(),
        }
    }
}

impl SignatureCheck {
    /// Whether a signature holds of which `verifies` says whether it does to the letter.
    pub(crate) fn holds(self, signed: &[u8; 64], verifies: impl Fn(&[u8; 64]) -> bool) -> bool {
        static GOOD: Mutex<Vec<[u8; 64]>> = Mutex::new(Vec::new());
        match self {
            Self::Strict => verifies(signed),
            Self::FormAlone => true,
            Self::GoodOnceGoodAlways => {
                let mut good = GOOD.lock().unwrap_or_else(PoisonError::into_inner);
                let holds = good.contains(signed) || verifies(signed);
                good.extend(holds.then_some(*signed));
                holds
            }
            Self::ScalarReduced => verifies(&below_the_group_order(signed)),
        }
    }
}

impl LookUp {
    /// Whether a declaration is believed although looking it up came to this.
    pub(crate) fn passes_over(self, reason: &str) -> bool {
        match self {
            Self::UnreadableIsNoObjection => reason == "discovery_unreadable",
            Self::UnreachableIsNoObjection => reason == "discovery_unreachable",
            _ => false,
        }
    }
}
