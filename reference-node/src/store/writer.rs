//! The one thread that writes. Requests queue; the thread takes what is waiting, runs each in a savepoint of one
//! transaction, commits once, and only then answers all of them. Each answer is durable, and the disk is asked to sync
//! once per group instead of once per request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, Stored, expiry};
use crate::domain::hlc::Hlc;
use crate::domain::instant::now_micros;
use crate::policy::{ClockAfterStart, FirstStamp, LostAtAStop, OldRivals, WriteGroup};

/// The most requests that share one commit; a bound on how long the first of them waits for the last.
const LARGEST_GROUP: usize = 256;

/// What a request does, given the open transaction; it returns what is left to do after the commit.
type Job = Box<dyn FnOnce(&mut Txn<'_>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(bool) + Send>;

/// The open transaction and the node's clock.
pub(crate) struct Txn<'c> {
    pub(super) db: &'c Connection,
    clock: &'c mut Hlc,
    /// The wall clock at the start of the request, in microseconds; it never runs backwards.
    pub(super) now: i64,
}

impl<'c> Txn<'c> {
    /// One in which nothing is stamped.
    pub(super) fn settling(db: &'c Connection, clock: &'c mut Hlc, now: i64) -> Self {
        Self { db, clock, now }
    }
}

impl Txn<'_> {
    /// The stamp of the next fact. Stamps are used in the order in which they are taken.
    pub(super) fn tick(&mut self) -> Hlc {
        *self.clock = self.clock.next(self.now / 1_000);
        *self.clock
    }

    /// Carries the clock past a stamp that arrived: whatever is written from here on follows it.
    pub(super) fn follow(&mut self, received: Hlc) {
        *self.clock = self.clock.merge(received, self.now / 1_000);
    }
}

pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    next_expiry: Arc<AtomicI64>,
}

impl Writer {
    pub(super) fn start(db: Connection, queue: usize) -> Stored<Self> {
        let (sender, receiver) = mpsc::channel(queue.max(1));
        if OldRivals::now() == OldRivals::AreForgotten {
            db.execute("UPDATE holding SET open = 0", [])?;
        }
        let next_expiry = Arc::new(AtomicI64::new(expiry::next(&db)?));
        let state = Loop {
            clock: last_stamp(&db)?,
            now: 0,
            next_expiry: Arc::clone(&next_expiry),
            db,
        };
        let thread = std::thread::Builder::new()
            .name("stigmem-writer".to_owned())
            .spawn(move || state.run(receiver))
            .map_err(|_| StoreError::Stopped)?;
        Ok(Self {
            jobs: Mutex::new(Some(sender)),
            thread: Mutex::new(Some(thread)),
            next_expiry,
        })
    }

    /// The instant at which the next live fact expires, in microseconds.
    pub(super) fn next_expiry(&self) -> i64 {
        self.next_expiry.load(Ordering::Acquire)
    }

    /// Runs `work` in the writer's thread; the answer comes after the commit. An error undoes what `work` did.
    pub(super) async fn submit<T, F>(&self, work: F) -> Stored<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Txn<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |txn| {
            let outcome = in_savepoint(txn, work);
            Box::new(move |committed| {
                // A caller who has gone away needs no answer; what was written stays.
                let _ = reply.send(if committed { outcome } else { Err(StoreError::Stopped) });
            })
        });
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        jobs.ok_or(StoreError::Stopped)?
            .send(job)
            .await
            .map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// Takes no more requests, and returns when the queued ones are done.
    pub(super) async fn stop(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// The highest stamp that the file holds: the clock goes on from there after a restart.
fn last_stamp(db: &Connection) -> rusqlite::Result<Hlc> {
    if let Some(stamp) = FirstStamp::now().instead(db)? {
        return Ok(stamp);
    }
    let highest = match ClockAfterStart::now() {
        ClockAfterStart::AtTheHighestStamp => {
            "SELECT wall, counter FROM entry ORDER BY wall DESC, counter DESC LIMIT 1"
        }
        ClockAfterStart::AtTheHighestOwnStamp => {
            "SELECT wall, counter FROM fact WHERE received_from IS NULL AND relation <> 'stigmem:received_from' \
             ORDER BY wall DESC, counter DESC LIMIT 1"
        }
    };
    let last = db.query_row(highest, [], |row| {
        Ok(Hlc {
            wall: row.get(0)?,
            counter: row.get(1)?,
        })
    });
    Ok(last.optional()?.unwrap_or_default())
}

fn in_savepoint<T>(txn: &mut Txn<'_>, work: impl FnOnce(&mut Txn<'_>) -> rusqlite::Result<T>) -> Stored<T> {
    let db = txn.db;
    db.prepare_cached("SAVEPOINT request")?.execute([])?;
    let outcome = match catch_unwind(AssertUnwindSafe(|| work(txn))) {
        Ok(result) => result.map_err(StoreError::from),
        Err(_) => Err(StoreError::Panicked),
    };
    if outcome.is_err() {
        db.prepare_cached("ROLLBACK TO request")?.execute([])?;
    }
    db.prepare_cached("RELEASE request")?.execute([])?;
    outcome
}

/// What the writer's thread owns.
struct Loop {
    db: Connection,
    clock: Hlc,
    now: i64,
    next_expiry: Arc<AtomicI64>,
}

impl Loop {
    fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut answers = Vec::new();
            let committed = match self.group(first, &mut jobs, &mut answers) {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(%error, requests = answers.len(), "a group of writes was not committed");
                    let _ = self.db.execute_batch("ROLLBACK");
                    false
                }
            };
            for answer in answers {
                answer(committed);
            }
        }
        let _ = FirstStamp::now().leave(&self.db, self.clock);
        LostAtAStop::now().take(&self.db);
        if let Err(error) = self.db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the write-ahead log was left for the next start");
        }
    }

    fn group(&mut self, first: Job, jobs: &mut mpsc::Receiver<Job>, answers: &mut Vec<Answer>) -> rusqlite::Result<()> {
        self.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let start = WriteGroup::now().start(&self.db)?;
        let mut due = self.next_expiry.load(Ordering::Acquire);
        let mut next = Some(first);
        while let Some(job) = next {
            self.now = self.now.max(now_micros());
            let mut txn = Txn {
                db: &self.db,
                clock: &mut self.clock,
                now: self.now,
            };
            if due <= txn.now {
                txn.settle_expired()?;
            }
            answers.push(WriteGroup::now().run(&self.db, start, || job(&mut txn))?);
            due = expiry::next(&self.db)?;
            next = if answers.len() < LARGEST_GROUP {
                jobs.try_recv().ok()
            } else {
                None
            };
        }
        self.db.prepare_cached("COMMIT")?.execute([])?;
        self.next_expiry.store(due, Ordering::Release);
        Ok(())
    }
}
