//! Policies of peers: registering, remembering, listing and revoking them, and introducing nodes from the command line.

use crate::domain::peer::Status;

policies! {
    /// When a declaration that fits makes a peer.
    Activation {
        AtOnce,
        /// At once, unless the node is an active peer already.
        FirstTimeAlone,
    }

    /// The status of a peer whose registration failed.
    FailedStatus {
        Rejected,
        /// It waits for an approval.
        PendingApproval,
    }

    /// Which known peer gives way to a new declaration.
    KnownPeer {
        RejectedGivesWay,
        /// Not even a rejected one.
        NoneGivesWay,
        /// A rejected one, to the key it came with.
        RejectedGivesWayToItsKey,
        /// An active one too, to its own key.
        ActiveGivesWayToItsKey,
        /// An active one too, to another key.
        ActiveGivesWayToAnotherKey,
        /// A revoked one too.
        RevokedGivesWay,
    }

    /// By what a peer is known.
    PeerIdentity {
        NodeId,
        /// By its address too.
        NodeUrl,
    }

    /// What a node that starts finds of the time before.
    Remembered {
        Everything,
        /// It makes a new federation key.
        NoKey,
        /// Active peers have to declare themselves again.
        NoPeers,
        /// Revoked peers are active again.
        NoRevocations,
        /// The federation audit is empty.
        NoAudit,
    }

    /// What ends with a revocation.
    Revocation {
        EndsBoth,
        /// The peer goes on reading.
        EndsPullingAlone,
        /// The peer goes on being pulled from.
        EndsReadingAlone,
    }

    /// The status in the list of peers.
    ListedStatus {
        Present,
        /// That of the registration.
        AsRegistered,
        /// An active peer is pending.
        NeverActive,
    }

    /// Where a node without authentication listens.
    OpenHouse {
        LoopbackAlone,
        /// Wherever it is told to.
        Everywhere,
    }

    /// The scopes that the command line declares.
    DeclaredScopes {
        AsGiven,
        /// `company` and `public`, whatever is given.
        Usual,
        /// The last word.
        LastWord,
        /// The first word.
        FirstWord,
        /// Those words that are scopes.
        KnownWords,
    }

    /// Whom the command line introduces to whom.
    Introduced {
        OneWay,
        /// The other node to this one as well.
        BothWays,
    }

    /// When the command line reports success.
    CommandResult {
        AsAnswered,
        /// A 201 is a failure.
        CreatedFails,
        /// A 409 is a failure.
        KnownFails,
        /// Always.
        AlwaysSuccess,
    }
}

impl Activation {
    /// Whether a declaration that fits makes a peer of a node that had this status before.
    pub(crate) fn follows(self, before: Option<Status>) -> bool {
        match self {
            Self::AtOnce => true,
            Self::FirstTimeAlone => before != Some(Status::Active),
        }
    }
}

impl KnownPeer {
    pub(crate) fn gives_way(self, status: Status, same_key: bool) -> bool {
        match (self, status) {
            (Self::NoneGivesWay, _) => false,
            (Self::RejectedGivesWayToItsKey, Status::Rejected) | (Self::ActiveGivesWayToItsKey, Status::Active) => {
                same_key
            }
            (Self::ActiveGivesWayToAnotherKey, Status::Active) => !same_key,
            (Self::RevokedGivesWay, Status::Revoked) => true,
            (_, status) => status == Status::Rejected,
        }
    }
}

impl Remembered {
    /// What a start undoes of what the file holds.
    pub(crate) const fn undone(self) -> Option<&'static str> {
        match self {
            Self::Everything => None,
            Self::NoKey => Some("DELETE FROM node WHERE name = 'federation_seed'"),
            Self::NoPeers => Some("UPDATE peer SET status = 1 WHERE status = 0"),
            Self::NoRevocations => Some("UPDATE peer SET status = 0 WHERE status = 2"),
            Self::NoAudit => Some("DELETE FROM federation_event"),
        }
    }
}

impl ListedStatus {
    pub(crate) fn word(self, present: Status, was_active: bool) -> &'static str {
        match self {
            Self::AsRegistered if was_active => Status::Active.word(),
            Self::AsRegistered => Status::Rejected.word(),
            Self::NeverActive if present == Status::Active => "pending_verification",
            _ => present.word(),
        }
    }
}

impl DeclaredScopes {
    /// What is taken of a list of words.
    pub(crate) fn of(self, list: &str) -> &str {
        match self {
            Self::AsGiven | Self::KnownWords => list,
            Self::Usual => "company,public",
            Self::LastWord => list.rsplit(',').next().unwrap_or(list),
            Self::FirstWord => list.split(',').next().unwrap_or(list),
        }
    }
}
