//! Policies of lint: what a run looks at, what each check tells, who may ask, and the jobs of large scopes.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use crate::domain::caller::{Caller, Permission};
use crate::domain::lint::{CheckSet, Finding};
use crate::domain::scope::{Scope, ScopeSet};

policies! {
    /// Which facts a run looks at.
    LintLooksAt {
        TheScope,
        /// Those of every scope.
        EveryScope,
    }

    /// What `fact_count` counts.
    LintCount {
        LiveOfTheScope,
        /// Live facts of every scope.
        EveryScope,
        /// Live facts that the checks have a use for.
        PerCheck,
    }

    /// What a run writes.
    LintWrites {
        Nothing,
        /// A fact that says when it was.
        AFactAboutTheRun,
        /// A retraction of what is withdrawn, for each orphan.
        RetractsAgain,
        /// A retraction of each expired fact that it tells.
        RetractsTheStale,
    }

    /// The order of findings.
    LintOrder {
        Steady,
        /// Another one each time.
        ByChance,
        /// One that each start of the node draws.
        ByTheStart,
    }

    /// The permission that lint needs.
    LintNeeds {
        Read,
        /// None.
        Nothing,
        /// `write`.
        Write,
        /// `read`, where the answer comes at once.
        ReadAtOnce,
    }

    /// Which scopes a key lints.
    LintScopes {
        Allowed,
        /// The one that is asked for, allowed or not.
        AnyAsked,
        /// What is not allowed has no findings.
        EmptyAnswer,
        /// The allowed one, for keys with all four.
        AllFour,
        /// Allowed ones, where the answer comes at once.
        AllowedAtOnce,
    }

    /// Which entity a filter means.
    LintEntityFilter {
        Normalised,
        /// The one with that name to the letter.
        AsSent,
        /// Those that begin with it.
        ByItsBeginning,
    }

    /// Which relations a filter means.
    LintRelationFilter {
        Exact,
        /// Those that differ in letter case, too.
        IgnoringCase,
        /// Those that begin with it.
        ByItsBeginning,
    }

    /// What filters narrow.
    LintFilterReach {
        FindingsAlone,
        /// What is looked at, too.
        TheLookToo,
        /// Findings; and what is live of an entity.
        OrphansByRelation,
        /// Findings; and by relation the facts that are referred to.
        FactsByRelation,
    }

    /// Which contradictions are told.
    LintDisputes {
        Unresolved,
        /// The first of a triple.
        FirstAlone,
        /// Resolved ones, too.
        ResolvedToo,
        /// Live facts of a triple with unlike texts.
        ByTheText,
        /// Those between scopes, too.
        AcrossScopes,
        /// Those of which a side is over, too.
        OfEndedSidesToo,
    }

    /// Which facts are stale.
    LintStale {
        EndedOrSoon,
        /// Of the expired ones of a triple, the newest.
        NewestOfATriple,
        /// All that have an end.
        AnyEnd,
        /// Withdrawn ones, too.
        WithdrawnToo,
        /// Retractions, too.
        RetractionsToo,
    }

    /// The unit of `stale_lookahead_s`.
    LintLookahead {
        Seconds,
        /// Minutes.
        Minutes,
    }

    /// When a fact ends for lint.
    LintEnds {
        OfTheFact,
        /// At its `valid_until`; TTL facts count for nothing.
        ValidUntilAlone,
        /// When a clock shows the text that is written there.
        ByTheText,
        /// Never, when it is written otherwise than usual.
        NeverWhenUnusual,
    }

    /// Which entities are orphans.
    LintOrphans {
        WithoutLiveFacts,
        /// Those without live facts in any scope.
        OfTheNode,
        /// The same, once for each of their relations.
        OncePerTriple,
        /// Those about which more than retractions is known.
        RetractionsUnknown,
        /// Those with a retraction, too.
        WithARetraction,
        /// Those whose facts are all disputed, too.
        DisputedToo,
        /// The one that is asked for, when nothing is known of it, too.
        UnknownToo,
    }

    /// Where the target of a reference must be.
    LintTargets {
        InTheScope,
        /// In any.
        InEveryScope,
        /// In it, and withdrawn in no other.
        WithdrawnNowhere,
    }

    /// Which references are broken.
    LintRefs {
        ToNothingLive,
        /// The first to each target.
        OncePerTarget,
        /// Those to something that never was.
        AnyRecordWillDo,
        /// Those to what has no live fact of the same relation.
        ByTheSameRelation,
        /// Those to the entity itself, when nothing else is said about it, too.
        NeverToOneself,
        /// Those whose text is no name as it is written.
        AsWritten,
        /// Those to facts, too.
        ToEntitiesAlone,
        /// Those that are over, too.
        EndedOnesToo,
        /// Texts that read like names, too.
        TextsToo,
    }

    /// Which facts have a bare relation.
    LintNames {
        WithoutAColon,
        /// The first of an entity and relation.
        FirstOfEach,
        /// Those whose namespace is not registered, too.
        RegisteredAlone,
        /// Those that are over, too.
        EndedOnesToo,
    }

    /// When a run becomes a job.
    LintThreshold {
        AboveTheThreshold,
        /// At the threshold already.
        OneLess,
        /// When the facts of all scopes are above it.
        WholeStore,
        /// Never.
        Ignored,
    }

    /// Jobs of lint.
    LintJobs {
        AsAsked,
        /// They run all checks.
        RunAllChecks,
        /// Whoever has an id may read.
        OpenById,
        /// Who may not see one is told that it is there.
        HiddenAreForbidden,
        /// They are read without a permission.
        NeedNoPermission,
        /// After a restart all are pending.
        StayPending,
    }
}

impl LintNeeds {
    pub(crate) fn permission(self) -> Option<Permission> {
        match self {
            Self::Read => Some(Permission::Read),
            Self::Nothing | Self::ReadAtOnce => None,
            Self::Write => Some(Permission::Write),
        }
    }
}

impl LintScopes {
    /// Whether a caller's run over a scope is no trespass.
    pub(crate) fn permit(self, caller: &Caller, scope: Scope) -> bool {
        match self {
            Self::Allowed => caller.may_touch(scope),
            Self::AnyAsked | Self::EmptyAnswer | Self::AllowedAtOnce => true,
            Self::AllFour => caller.scopes == ScopeSet::ALL,
        }
    }
}

impl LintEntityFilter {
    pub(crate) fn of(self, normal: String, sent: &str) -> String {
        match self {
            Self::Normalised | Self::ByItsBeginning => normal,
            Self::AsSent => sent.to_owned(),
        }
    }
}

impl LintLookahead {
    pub(crate) fn seconds(self) -> i64 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
        }
    }
}

impl LintThreshold {
    /// Whether so many facts are more than a run is answered about at once.
    pub(crate) fn is_below(self, threshold: i64, facts: i64) -> bool {
        match self {
            Self::AboveTheThreshold | Self::WholeStore => facts > threshold,
            Self::OneLess => facts >= threshold,
            Self::Ignored => false,
        }
    }
}

impl LintJobs {
    pub(crate) fn checks(self, asked: CheckSet) -> CheckSet {
        match self {
            Self::RunAllChecks => CheckSet::ALL,
            _ => asked,
        }
    }
}

/// What the order of a start hangs on.
static START: LazyLock<RandomState> = LazyLock::new(RandomState::new);

impl LintOrder {
    pub(crate) fn arrange(self, findings: &mut [Finding]) {
        let by = |state: &RandomState, finding: &Finding| {
            state.hash_one((&finding.entity, &finding.relation, &finding.facts))
        };
        match self {
            Self::Steady => {}
            Self::ByChance => {
                let chance = RandomState::new();
                findings.sort_by_cached_key(|finding| by(&chance, finding));
            }
            Self::ByTheStart => findings.sort_by_cached_key(|finding| by(&START, finding)),
        }
    }
}
