//! Jobs: requests that take longer than a client waits, and what is kept of them.

use super::id::Id;
use super::scope::Scope;

/// What a job does, which is also where it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobKind {
    Lint,
    Decay,
}

impl JobKind {
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    /// An estimate of how long a run over so many facts takes, in seconds: rather too long than too short.
    pub(crate) const fn estimate(self, facts: i64) -> i64 {
        let in_a_second = match self {
            Self::Lint => 20_000,
            // It writes as many at most.
            Self::Decay => 2_000,
        };
        facts / in_a_second + 1
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobStatus {
    Pending,
    Running,
    Done,
    Failed,
}

impl JobStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Running, Self::Done, Self::Failed];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The number under which the store keeps it.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A job as it is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobDraft {
    pub(crate) kind: JobKind,
    pub(crate) scope: Scope,
    /// How long it may take, in seconds.
    pub(crate) estimated_s: i64,
}

/// Everything about a job but the long part of its result.
#[derive(Clone, Debug)]
pub(crate) struct JobRecord {
    pub(crate) id: Id,
    pub(crate) scope: Scope,
    pub(crate) status: JobStatus,
    pub(crate) estimated_s: i64,
    pub(crate) created_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: Option<i64>,
    /// The short members of the result, a JSON object.
    pub(crate) head: Option<String>,
    pub(crate) error: Option<String>,
    /// In how many parts the rest of the result is kept.
    pub(crate) parts: i64,
}

/// What is kept, and for how long.
pub(crate) mod limits {
    /// Jobs that are known, of every status.
    pub(crate) const KEPT: i64 = 256;
    /// Jobs that have not ended.
    pub(crate) const UNDER_WAY: i64 = 32;
    /// Jobs that run at the same time.
    pub(crate) const RUNNING: usize = 2;
    /// Results of all jobs together, in bytes.
    pub(crate) const ALL_RESULTS: i64 = 1 << 30;
    /// The result of one, in bytes.
    pub(crate) const ONE_RESULT: i64 = 512 << 20;
    /// A part of a result, in bytes, and somewhat more.
    pub(crate) const PART: usize = 128 << 10;
    /// How long a result is kept whatever else there is to keep, in microseconds.
    pub(crate) const AT_LEAST: i64 = 2 * 60 * 1_000_000;
    /// How long it is kept at all, in microseconds.
    pub(crate) const AT_MOST: i64 = 24 * 60 * 60 * 1_000_000;
    /// How long one may run, in seconds.
    pub(crate) const RUN_S: u64 = 60 * 60;
    /// After how many seconds it is worth asking again when there are too many.
    pub(crate) const RETRY_S: u64 = 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_number_and_a_word() {
        for status in JobStatus::ALL {
            assert_eq!(JobStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(JobStatus::from_code(4), None);
        assert_eq!(
            JobStatus::ALL.map(JobStatus::word),
            ["pending", "running", "done", "failed"]
        );
    }

    #[test]
    fn estimates_grow_with_the_scope() {
        let lint = |facts| JobKind::Lint.estimate(facts);
        assert_eq!((lint(0), lint(1_000_000)), (1, 51));
        assert!(lint(i64::MAX) > 0 && JobKind::Decay.estimate(1_000_000) > lint(1_000_000));
    }
}
