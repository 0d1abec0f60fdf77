//! Jobs and their results. A result lies here in parts, so that neither making nor reading it takes more memory than one of them.

use rusqlite::{Connection, OptionalExtension, Row};

use super::readers::Effort;
use super::rows::{foreign, scope};
use super::{Store, Stored, Txn};
use crate::domain::id::Id;
use crate::domain::instant::now_micros;
use crate::domain::job::{JobDraft, JobKind, JobRecord, JobStatus, limits};
use crate::policy::{DecayJobs, LintJobs};

/// What a job says that the node did not live to see the end of.
const INTERRUPTED: &str = "the node stopped while the job was under way; ask again";

const COLUMNS: &str = "id, scope, status, estimated_s, created_at, started_at, ended_at, head, error, parts";

/// There are as many jobs as a node may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyJobs;

impl Store {
    pub(crate) async fn begin_job(&self, draft: JobDraft) -> Stored<Result<Id, TooManyJobs>> {
        self.writer.submit(move |txn| txn.begin_job(draft)).await
    }

    pub(crate) async fn run_job(&self, id: Id) -> Stored<()> {
        self.writer
            .submit(move |txn| {
                txn.db
                    .prepare_cached("UPDATE job SET status = ?2, started_at = ?3 WHERE id = ?1")?
                    .execute((id.0, JobStatus::Running.code(), txn.now))
                    .map(|_| ())
            })
            .await
    }

    /// Adds a part to the result, and tells how many bytes it has now.
    pub(crate) async fn add_job_part(&self, id: Id, body: String) -> Stored<i64> {
        self.writer.submit(move |txn| txn.add_job_part(id, &body)).await
    }

    /// Ends a job with the short members of its result, or with the reason why there is none.
    pub(crate) async fn end_job(&self, id: Id, outcome: Result<String, String>) -> Stored<()> {
        self.writer.submit(move |txn| txn.end_job(id, &outcome)).await
    }

    pub(crate) async fn job(&self, kind: JobKind, id: Id) -> Stored<Option<JobRecord>> {
        self.read(Effort::Short, move |db| {
            db.prepare_cached(&format!("SELECT {COLUMNS} FROM job WHERE id = ? AND kind = ?"))?
                .query_row((id.0, kind.code()), record)
                .optional()
        })
        .await
    }

    /// One part of a result; nothing when the job was forgotten meanwhile.
    pub(crate) async fn job_part(&self, id: Id, part: i64) -> Stored<Option<String>> {
        self.read(Effort::Long, move |db| {
            db.prepare_cached("SELECT body FROM job_part WHERE job = (SELECT seq FROM job WHERE id = ?) AND part = ?")?
                .query_row((id.0, part), |row| row.get(0))
                .optional()
        })
        .await
    }
}

impl Txn<'_> {
    fn begin_job(&mut self, draft: JobDraft) -> rusqlite::Result<Result<Id, TooManyJobs>> {
        self.forget_jobs()?;
        let (kept, under_way, bytes): (i64, i64, i64) = self
            .db
            .prepare_cached("SELECT count(*), coalesce(sum(status < 2), 0), coalesce(sum(bytes), 0) FROM job")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if kept >= limits::KEPT || under_way >= limits::UNDER_WAY || bytes >= limits::ALL_RESULTS {
            return Ok(Err(TooManyJobs));
        }
        let id = Id::fresh(self.now / 1_000);
        self.db
            .prepare_cached(
                "INSERT INTO job (id, kind, scope, status, estimated_s, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute((
                id.0,
                draft.kind.code(),
                draft.scope.code(),
                JobStatus::Pending.code(),
                draft.estimated_s,
                self.now,
            ))?;
        Ok(Ok(id))
    }

    /// Forgets what ended long ago; and what ended not so long ago, oldest first, while there is no room for another one.
    fn forget_jobs(&mut self) -> rusqlite::Result<()> {
        let ended: Vec<(i64, i64, i64)> = self
            .db
            .prepare_cached("SELECT seq, ended_at, bytes FROM job WHERE ended_at IS NOT NULL ORDER BY ended_at, seq")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let (mut kept, mut bytes): (i64, i64) = self
            .db
            .prepare_cached("SELECT count(*), coalesce(sum(bytes), 0) FROM job")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (seq, ended_at, size) in ended {
            let age = self.now - ended_at;
            let room = kept < limits::KEPT && bytes < limits::ALL_RESULTS;
            if age < limits::AT_LEAST || (room && age < limits::AT_MOST) {
                break;
            }
            for table in ["DELETE FROM job_part WHERE job = ?", "DELETE FROM job WHERE seq = ?"] {
                self.db.prepare_cached(table)?.execute([seq])?;
            }
            kept -= 1;
            bytes -= size;
        }
        Ok(())
    }

    fn add_job_part(&mut self, id: Id, body: &str) -> rusqlite::Result<i64> {
        let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        self.db
            .prepare_cached("INSERT INTO job_part (job, part, body) SELECT seq, parts, ?2 FROM job WHERE id = ?1")?
            .execute((id.0, body))?;
        self.db
            .prepare_cached("UPDATE job SET parts = parts + 1, bytes = bytes + ?2 WHERE id = ?1 RETURNING bytes")?
            .query_row((id.0, length), |row| row.get(0))
    }

    fn end_job(&mut self, id: Id, outcome: &Result<String, String>) -> rusqlite::Result<()> {
        let (status, head, error) = match outcome {
            Ok(head) => (JobStatus::Done, Some(head), None),
            Err(error) => (JobStatus::Failed, None, Some(error)),
        };
        if error.is_some() {
            self.db
                .prepare_cached("DELETE FROM job_part WHERE job = (SELECT seq FROM job WHERE id = ?)")?
                .execute([id.0])?;
        }
        self.db
            .prepare_cached(
                "UPDATE job SET status = ?2, ended_at = ?3, head = ?4, error = ?5, \
                 parts = iif(?5 IS NULL, parts, 0), bytes = iif(?5 IS NULL, bytes, 0) WHERE id = ?1",
            )?
            .execute((id.0, status.code(), self.now, head, error))
            .map(|_| ())
    }
}

/// Ends what was under way when the node stopped: nobody works on it any more.
pub(super) fn interrupt(db: &Connection) -> rusqlite::Result<()> {
    if LintJobs::now() == LintJobs::StayPending {
        return db.execute("UPDATE job SET status = 0", []).map(|_| ());
    }
    if DecayJobs::now() == DecayJobs::StayAsTheyWere {
        let sql = "UPDATE job SET status = 0 WHERE kind = ?";
        return db.execute(sql, [JobKind::Decay.code()]).map(|_| ());
    }
    db.execute(
        "DELETE FROM job_part WHERE job IN (SELECT seq FROM job WHERE status < 2)",
        [],
    )?;
    db.execute(
        "UPDATE job SET status = ?1, ended_at = ?2, error = ?3, parts = 0, bytes = 0 WHERE status < 2",
        (JobStatus::Failed.code(), now_micros(), INTERRUPTED),
    )
    .map(|_| ())
}

fn record(row: &Row<'_>) -> rusqlite::Result<JobRecord> {
    let status = JobStatus::from_code(row.get(2)?);
    Ok(JobRecord {
        id: Id(row.get(0)?),
        scope: scope(row, 1)?,
        status: status.ok_or_else(|| foreign(2, rusqlite::types::Type::Integer))?,
        estimated_s: row.get(3)?,
        created_at: row.get(4)?,
        started_at: row.get(5)?,
        ended_at: row.get(6)?,
        head: row.get(7)?,
        error: row.get(8)?,
        parts: row.get(9)?,
    })
}
