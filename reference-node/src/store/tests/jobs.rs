//! Jobs: what is kept of them, and for how long.

use super::*;
use crate::domain::id::Id;
use crate::domain::job::{JobDraft, JobKind, JobStatus, limits};

const DRAFT: JobDraft = JobDraft {
    kind: JobKind::Lint,
    scope: Scope::Team,
    estimated_s: 3,
};

async fn begin(store: &Store) -> Id {
    store.begin_job(DRAFT).await.unwrap().unwrap()
}

async fn status(store: &Store, id: Id) -> Option<JobStatus> {
    store.job(JobKind::Lint, id).await.unwrap().map(|job| job.status)
}

#[test]
fn a_result_comes_back_part_by_part() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
        let (id, other) = (begin(&store).await, begin(&store).await);
        assert_eq!(status(&store, id).await, Some(JobStatus::Pending));
        store.run_job(id).await.unwrap();
        assert_eq!(store.add_job_part(id, "ab".to_owned()).await.unwrap(), 2);
        assert_eq!(store.add_job_part(id, "cde".to_owned()).await.unwrap(), 5);
        assert_eq!(store.add_job_part(other, "x".to_owned()).await.unwrap(), 1);
        assert_eq!(status(&store, id).await, Some(JobStatus::Running));
        store.end_job(id, Ok("{\"n\":1}".to_owned())).await.unwrap();
        let job = store.job(JobKind::Lint, id).await.unwrap().unwrap();
        assert_eq!((job.status, job.parts, job.scope), (JobStatus::Done, 2, Scope::Team));
        assert_eq!((job.head.as_deref(), job.error), (Some("{\"n\":1}"), None));
        assert!(job.created_at <= job.started_at.unwrap() && job.started_at <= job.ended_at);
        for (part, body) in [(0, Some("ab")), (1, Some("cde")), (2, None)] {
            assert_eq!(store.job_part(id, part).await.unwrap().as_deref(), body);
        }
        assert_eq!(status(&store, Id([9; 16])).await, None);
        store.close().await;
    });
}

#[test]
fn a_job_that_failed_says_why_and_keeps_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    runtime().block_on(async {
        let store = Store::open(&folder.path().join("a.db"), LIMITS).unwrap();
        let id = begin(&store).await;
        store.add_job_part(id, "ab".to_owned()).await.unwrap();
        store.end_job(id, Err("too much".to_owned())).await.unwrap();
        let job = store.job(JobKind::Lint, id).await.unwrap().unwrap();
        assert_eq!((job.status, job.parts), (JobStatus::Failed, 0));
        assert_eq!((job.head, job.error.as_deref()), (None, Some("too much")));
        assert_eq!(store.job_part(id, 0).await.unwrap(), None);
        store.close().await;
    });
}

#[test]
fn a_start_ends_what_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let [waiting, running, done] = runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        let ids = [begin(&store).await, begin(&store).await, begin(&store).await];
        store.run_job(ids[1]).await.unwrap();
        for id in &ids[1..] {
            store.add_job_part(*id, "ab".to_owned()).await.unwrap();
        }
        store.end_job(ids[2], Ok("{}".to_owned())).await.unwrap();
        store.close().await;
        ids
    });
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        for id in [waiting, running] {
            let job = store.job(JobKind::Lint, id).await.unwrap().unwrap();
            assert_eq!((job.status, job.parts), (JobStatus::Failed, 0));
            assert!(job.error.is_some_and(|error| error.contains("stopped")));
            assert_eq!(store.job_part(id, 0).await.unwrap(), None);
        }
        assert_eq!(status(&store, done).await, Some(JobStatus::Done));
        assert_eq!(store.job_part(done, 0).await.unwrap().as_deref(), Some("ab"));
        store.close().await;
    });
}

#[test]
fn there_are_only_so_many_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        let mut last = begin(&store).await;
        for _ in 1..limits::UNDER_WAY {
            last = begin(&store).await;
        }
        assert_eq!(store.begin_job(DRAFT).await.unwrap(), Err(TooManyJobs));
        store.end_job(last, Ok("{}".to_owned())).await.unwrap();
        let next = begin(&store).await;
        assert_eq!(
            status(&store, last).await,
            Some(JobStatus::Done),
            "it ended a moment ago"
        );
        store.end_job(next, Ok("{}".to_owned())).await.unwrap();
        store.close().await;
    });
    let db = for_writing(&path).unwrap();
    let long_ago = now_micros() - limits::AT_MOST;
    db.execute("UPDATE job SET ended_at = ? WHERE ended_at IS NOT NULL", [long_ago])
        .unwrap();
    drop(db);
    runtime().block_on(async {
        let store = Store::open(&path, LIMITS).unwrap();
        begin(&store).await;
        store.close().await;
    });
    let db = for_writing(&path).unwrap();
    let left = "SELECT count(*) FROM job WHERE status = 2";
    assert_eq!(db.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
