//! Policies of push.

policies! {
    /// How the token of a push is judged.
    PushTokens {
        AsOnPull,
        /// By its signature alone.
        SignatureAlone,
        /// By its claims alone.
        ClaimsAlone,
    }

    /// The scopes that facts may be pushed in.
    PushScopes {
        Common,
        /// What token and operator name.
        TokenAndAllowed,
        /// What was declared and is allowed.
        DeclaredAndAllowed,
        /// What token and declaration name.
        TokenAndDeclared,
        /// `local` too, when the token names it.
        LocalToo,
    }

    /// The sources that pushed facts may have.
    PushSources {
        ThePushersOwn,
        /// Those that pulled ones may have.
        AsOnPull,
        /// Any.
        Anybodys,
        /// What begins like the pusher's node id, too.
        WhatBeginsLikeThePusher,
        /// The pusher's node id alone.
        NodeIdAlone,
        /// Names under the pusher's authority alone.
        AuthorityAlone,
    }

    /// When pushed facts are stored.
    PushedFacts {
        StoredFirst,
        /// A moment after the answer.
        StoredLater,
    }

    /// What `received_from` of a pushed fact is.
    PusherName {
        NodeId,
        /// The pusher's address.
        NodeUrl,
    }

    /// A push with a fact that is refused.
    SpoiltPush {
        OthersTaken,
        /// All its facts are refused.
        AllRefused,
    }

    /// How a pushed fact counts whose id is known.
    PushedAgain {
        Accepted,
        /// As refused.
        Rejected,
    }

    /// The content ids of pushed facts.
    PushedCids {
        Checked,
        /// They are not looked at.
        NotRead,
    }
}

impl PushTokens {
    pub(crate) fn for_route(path: &str) -> Self {
        if path.ends_with("/push") {
            Self::now()
        } else {
            Self::AsOnPull
        }
    }
}
