//! Policies of pulling: whom, when, in which steps, and with which cursors.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::federation::pace::Round;

policies! {
    /// Which peers are pulled from.
    Followed {
        ActiveOnes,
        /// The one that was registered first.
        FirstOne,
        /// Rejected ones as well.
        RejectedOnesToo,
        /// Those that were registered since the node started.
        RegisteredSinceTheStart,
    }

    /// What may go on while one peer is pulled from.
    PullTurns {
        Everything,
        /// No other pull.
        NoOtherPull,
        /// No other pull, and no assertion.
        NeitherPullsNorWrites,
    }

    /// What a pull that failed ends.
    FailedPull {
        EndsNothing,
        /// All pulls.
        EndsAllPulls,
        /// All pulls, when it failed because of a deep answer.
        EndsAllPullsWhenDeep,
    }

    /// When a peer is asked again.
    AskedAgain {
        AsItWent,
        /// Never, when everything it had is here.
        UntilItHasNoMore,
        /// Never, when it failed.
        UntilItFails,
        /// Five minutes later, when it failed.
        FiveMinutesAfterAFailure,
    }

    /// When the next page of a round is asked for.
    FurtherPages {
        AtOnce,
        /// A second later.
        ASecondLater,
        /// At once, also with the same cursor.
        AtOnceWithTheSameCursor,
    }

    /// What is stored of a cursor.
    StoredCursor {
        AllOfIt,
        /// Six characters.
        SixCharacters,
    }

    /// What becomes of the cursor after a fault.
    CursorAfterAFault {
        Stays,
        /// It is forgotten after a page that cannot be read.
        ForgottenWhenUnreadable,
        /// It is forgotten after an answer that broke off.
        ForgottenWhenBroken,
    }

    /// With which status an answer is a page.
    PageStatus {
        TwoHundred,
        /// With any.
        Any,
    }

    /// Which texts are pages.
    PageShape {
        AsSpecified,
        /// Those whose facts are no list as well, without facts.
        FactsOfAnyType,
        /// Those that are not closed as well.
        OpenEnds,
    }

    /// How a page is stored.
    StoredPage {
        WithItsCursor,
        /// Its cursor first, and its facts a second later.
        FactsLater,
        /// Its cursor first, and then one fact after the other.
        FactByFact,
    }

    /// A page that is too large.
    TooLargePages {
        AskedForInParts,
        /// It is asked for again as it was, with the next round.
        AskedForAgain,
    }

    /// How a peer is asked while what lies before an imported cursor is not read yet.
    Recovery {
        AsAlways,
        /// For ten facts an hour.
        TenFactsAnHour,
    }

    /// What the lines of a checkpoint say.
    CheckpointLines {
        NameNodes,
        /// They have the rows of peers, and no names.
        NameRows,
        /// There is no time in the checkpoint.
        WithoutATime,
    }

    /// What an import does.
    CheckpointImport {
        MatchesNames,
        /// Nothing.
        DoesNothing,
        /// It matches peers by the ids of their rows.
        MatchesRows,
        /// It matches peers by their order.
        MatchesInOrder,
        /// It takes a file that is no checkpoint for an empty one.
        TakesAnyFile,
        /// It deletes all cursors before it reads the file.
        DeletesFirst,
    }
}

const NEVER: Duration = Duration::from_secs(30 * 86_400);

static TURN: Mutex<()> = Mutex::const_new(());

/// What holds up others until it is dropped.
type Turn = Option<MutexGuard<'static, ()>>;

impl PullTurns {
    /// The turn of one pull.
    pub(crate) async fn of_a_pull(self) -> Turn {
        match self {
            Self::Everything => None,
            _ => Some(TURN.lock().await),
        }
    }

    /// The turn of an assertion.
    pub(crate) async fn of_a_write(self) -> Turn {
        match self {
            Self::NeitherPullsNorWrites => Some(TURN.lock().await),
            _ => None,
        }
    }
}

impl FailedPull {
    /// Whether the pulls go on after one that failed because of a deep answer, or for another reason.
    pub(crate) const fn lets_go_on(self, deep: bool) -> bool {
        match self {
            Self::EndsNothing => true,
            Self::EndsAllPulls => false,
            Self::EndsAllPullsWhenDeep => !deep,
        }
    }
}

impl AskedAgain {
    /// The pause after a round, where it is not the right one.
    pub(crate) fn after(self, round: Round) -> Option<Duration> {
        let failed = matches!(round, Round::Failed | Round::Busy(None));
        match self {
            Self::AsItWent => None,
            Self::UntilItHasNoMore => (round == Round::Complete).then_some(NEVER),
            Self::UntilItFails => failed.then_some(NEVER),
            Self::FiveMinutesAfterAFailure => failed.then_some(Duration::from_secs(300)),
        }
    }
}

impl StoredCursor {
    pub(crate) fn of(self, cursor: &str) -> &str {
        match self {
            Self::AllOfIt => cursor,
            Self::SixCharacters => cursor.char_indices().nth(6).map_or(cursor, |(at, _)| &cursor[..at]),
        }
    }
}

impl Recovery {
    /// How many facts are asked for at a time.
    pub(crate) const fn page(self, most: u32) -> u32 {
        match self {
            Self::AsAlways => most,
            Self::TenFactsAnHour => 10,
        }
    }
}
