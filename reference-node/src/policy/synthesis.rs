//! Policies of synthesis: who may ask, which facts take part, what an entry shows and what is counted.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::domain::caller::Permission;
use crate::domain::synthesis::{Entry, SynthesisRequest, Tally};

policies! {
    /// Who may ask for what.
    SynthesisCaller {
        ReadersInTheirScopes,
        /// Who may write.
        Write,
        /// Every key.
        AnyKey,
        /// Readers, for every scope.
        EveryScope,
        /// Readers, and what is not theirs is empty.
        NothingForOtherScopes,
        /// Readers, and what is not theirs is refused where it is not empty.
        ForbiddenWhereThereIsSomething,
    }

    /// What is looked at first.
    SynthesisChecks {
        CallerFirst,
        /// The body.
        BodyFirst,
    }

    /// What has an entry.
    SynthesisEntries {
        OnePerTriple,
        /// Each source that speaks about a triple.
        OneForEachSource,
        /// Triples, whatever the letter case of the relation.
        RelationsFolded,
    }

    /// Facts of other scopes.
    SynthesisScope {
        TheAsked,
        /// They take part.
        FactsOfAll,
        /// They are counted.
        CountsOfAll,
        /// Their retractions count.
        RetractionsOfAll,
    }

    /// How many entries are told.
    SynthesisLength {
        Whole,
        /// A hundred.
        FirstHundred,
    }

    /// Values as entries show them.
    SynthesisValues {
        AsAsserted,
        /// As the texts in which they are stored.
        AsText,
    }

    /// Which fact of a triple wins.
    SynthesisWinner {
        SurestThenNewest,
        /// The newest.
        Newest,
        /// The oldest.
        Oldest,
        /// The surest, compared as texts in scientific notation.
        SurestAsText,
        /// The surest in hundredths.
        SurestInHundredths,
        /// One with the value that most facts have.
        MostRepeated,
        /// The surest, and of those the oldest.
        SurestThenOldest,
    }

    /// What speaks against a winner.
    SynthesisAlternatives {
        UnsettledRivals,
        /// Those of other sources.
        OfOtherSources,
        /// Those as sure as a tenth.
        SureEnough,
        /// What agrees, too.
        AlsoAgreeing,
        /// Expired ones, too.
        AlsoExpired,
        /// Settled ones, too.
        AlsoSettled,
        /// None on a triple with a decision.
        NoneAfterADecision,
    }

    /// Which entries are flagged.
    SynthesisFlags {
        TheTriple,
        /// All of the entity.
        TheEntity,
    }

    /// Which alternative is told.
    SynthesisRunnerUp {
        AsTheWinner,
        /// The newest.
        Newest,
        /// The least sure.
        LeastSure,
        /// The best, with the confidence of the newest that says the same.
        AsSureAsItsNewest,
    }

    /// Facts that resolved a conflict.
    SynthesisDecisions {
        TakePart,
        /// They do not.
        AreLeftOut,
    }

    /// Retractions and what they withdraw.
    SynthesisRetracted {
        TakeNoPart,
        /// They are counted.
        Counted,
        /// What was withdrawn takes part when expired facts do.
        WithExpired,
        /// A triple with a retraction has no entry.
        EndTheTriple,
    }

    /// Expired facts.
    SynthesisExpired {
        OnRequest,
        /// What a TTL ended is not expired.
        TtlFactsIgnored,
        /// They win, and where one does nothing is told.
        StillWin,
        /// On request they have entries, and are not counted.
        NotCountedOnRequest,
    }

    /// Which entities a filter means.
    SynthesisEntity {
        ByNormalForm,
        /// Those that begin with it.
        ByPrefix,
        /// Those that are like it.
        ByPattern,
        /// The one, and the counts are for all.
        ForTheSummaryAlone,
        /// The one with that name to the letter.
        AsSpelt,
    }

    /// What `min_confidence` leaves out.
    SynthesisThreshold {
        OfEntries,
        /// Entries that are not surer.
        MoreThan,
        /// Entries, in hundredths.
        ToTheHundredth,
        /// Facts.
        OfFacts,
    }

    /// The counts of an answer.
    SynthesisCounts {
        OfTheAnswer,
        /// Triples are counted as facts.
        FactsAreEntries,
        /// Facts are counted that are sure enough.
        FactsAboveTheThreshold,
        /// Contradictions are counted that are not told.
        DisputesBeforeTheThreshold,
        /// Pairs of values are counted as contradictions.
        DisputesInPairs,
        /// Facts that lost are counted as left out.
        LosersAreFiltered,
    }

    /// What a synthesis writes.
    SynthesisEffects {
        Nothing,
        /// A fact that says when it was.
        StoresARecord,
        /// Resolutions of the conflicts that it tells.
        SettlesDisputes,
    }

    /// What a node remembers of earlier facts and answers.
    SynthesisMemory {
        TheStoreAlone,
        /// Nothing that was asserted before its start takes part.
        ForgetsAtRestart,
        /// What was told is not told again.
        LeavesOutWhatWasTold,
        /// An answer is good for two seconds.
        ForTwoSeconds,
    }

    /// The order of entries.
    SynthesisOrder {
        Steady,
        /// Another one each time.
        Shuffled,
    }
}

impl SynthesisCaller {
    pub(crate) fn permission(self) -> Option<Permission> {
        match self {
            Self::AnyKey => None,
            Self::Write => Some(Permission::Write),
            _ => Some(Permission::Read),
        }
    }
}

impl SynthesisEntity {
    pub(crate) fn of(self, normal: String, sent: &str) -> String {
        match self {
            Self::AsSpelt => sent.to_owned(),
            _ => normal,
        }
    }
}

impl SynthesisOrder {
    pub(crate) fn arrange(self, entries: &mut [Entry]) {
        if self == Self::Shuffled {
            let chance = RandomState::new();
            entries.sort_by_cached_key(|entry| chance.hash_one((&entry.entity, &entry.relation)));
        }
    }
}

/// The last fact from before the start.
static LAST_BEFORE: OnceLock<i64> = OnceLock::new();

/// When a request was answered, and how.
type Answered = (Instant, Vec<Entry>, Tally);

/// Answers by requests.
static ANSWERED: Mutex<BTreeMap<String, Answered>> = Mutex::new(BTreeMap::new());

fn answered() -> MutexGuard<'static, BTreeMap<String, Answered>> {
    ANSWERED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SynthesisMemory {
    /// What a start leaves behind.
    pub(crate) fn starts(self, db: &Connection) -> rusqlite::Result<()> {
        if self == Self::ForgetsAtRestart {
            let last = db.query_row("SELECT coalesce(max(seq), 0) FROM fact", [], |row| row.get(0))?;
            let _ = LAST_BEFORE.set(last);
        }
        Ok(())
    }

    /// Whether the fact in this row is remembered.
    pub(crate) fn holds(self, seq: i64) -> bool {
        self != Self::ForgetsAtRestart || LAST_BEFORE.get().is_none_or(|last| seq > *last)
    }

    /// The answer to a request, `fresh` being the one that would be right.
    pub(crate) fn answer(self, request: &SynthesisRequest, fresh: (Vec<Entry>, Tally)) -> (Vec<Entry>, Tally) {
        let (mut entries, tally) = fresh;
        let request = format!("{request:?}");
        let now = Instant::now();
        match self {
            Self::TheStoreAlone | Self::ForgetsAtRestart => (entries, tally),
            Self::LeavesOutWhatWasTold => {
                let told = answered().insert(request, (now, entries.clone(), tally));
                if let Some((_, told, _)) = told {
                    entries.retain(|entry| !told.contains(entry));
                }
                (entries, tally)
            }
            Self::ForTwoSeconds => {
                let mut all = answered();
                let kept = all
                    .get(&request)
                    .filter(|(at, _, _)| at.elapsed() < Duration::from_secs(2));
                if let Some((_, entries, tally)) = kept {
                    return (entries.clone(), *tally);
                }
                all.insert(request, (now, entries.clone(), tally));
                (entries, tally)
            }
        }
    }
}
