//! Looking through one scope for what lint tells. A run goes from page to page, each a short read of its own: it holds no connection
//! while it waits, and no more of the scope than a page. Each check follows an index that leads it past what it has no use for.

mod otherwise;
pub(super) mod search;

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use self::search::{Search, Step};
use super::readers::Effort;
use super::{Store, Stored};
use crate::domain::lint::{Check, Finding, LintRun, reckoning};
use crate::domain::scope::Scope;
use crate::policy::{LintCount, LintOrder, LintThreshold, LintWrites};

/// How many rows are looked at in one read, which bounds what a page holds. In tests so few that every walk has several pages.
const WINDOW: usize = if cfg!(test) { 3 } else { 512 };

/// How far a run has come: the check it is at, and the last row that was looked at for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    check: Check,
    mark: Mark,
}

/// A row's place in the order of a check; what there is before all rows.
type Mark = [i64; 3];
const BEGINNING: Mark = [i64::MIN; 3];

impl Place {
    pub(crate) fn start(run: &LintRun) -> Option<Self> {
        run.checks.iter().next().map(Self::at)
    }

    fn at(check: Check) -> Self {
        Self { check, mark: BEGINNING }
    }

    /// The beginning of the next check of the run.
    fn after(run: &LintRun, check: Check) -> Option<Self> {
        run.checks.iter().find(|next| *next > check).map(Self::at)
    }
}

/// What a stretch of a run found, and where it goes on.
#[derive(Debug, Default)]
pub(crate) struct LintPage {
    pub(crate) findings: Vec<Finding>,
    pub(crate) next: Option<Place>,
}

impl Store {
    /// The page that begins at a place, of a run that began at `now`, in microseconds.
    pub(crate) async fn lint(&self, run: Arc<LintRun>, place: Place, now: i64) -> Stored<LintPage> {
        let asked = Arc::clone(&run);
        let page = self.read(Effort::Long, move |db| page(db, &asked, place, now)).await?;
        if LintWrites::now() != LintWrites::Nothing {
            self.lint_leaves(&run, &page.findings).await?;
        }
        Ok(page)
    }

    /// How many facts a run counts as looked at.
    pub(crate) async fn lint_count(&self, run: Arc<LintRun>, now: i64) -> Stored<i64> {
        self.read(Effort::Long, move |db| count(db, &run, now)).await
    }

    /// How many facts a run is about, where that is more than it is answered about at once.
    pub(crate) async fn too_many_to_lint(&self, run: Arc<LintRun>, threshold: i64) -> Stored<Option<i64>> {
        self.read(Effort::Long, move |db| {
            let all = live(db, run.scope)?;
            let facts = match (LintThreshold::now(), &run.entity) {
                (LintThreshold::WholeStore, _) => everywhere(db)?,
                (_, Some(entity)) => shown_of(db, entity, run.scope)?.min(all),
                (_, None) => all,
            };
            let too_many = LintThreshold::now().is_below(threshold, facts);
            Ok(too_many.then_some(facts))
        })
        .await
    }
}

/// The same on a connection of one's own, which has to be one that sees no fact past its expiry as live.
pub(crate) fn page(db: &Connection, run: &LintRun, place: Place, now: i64) -> rusqlite::Result<LintPage> {
    let mut page = if reckoning::deviates() {
        otherwise::page(db, run, now)?
    } else {
        found(db, run, place, now)?
    };
    LintOrder::now().arrange(&mut page.findings);
    Ok(page)
}

fn found(db: &Connection, run: &LintRun, place: Place, now: i64) -> rusqlite::Result<LintPage> {
    // Of a name that no fact has there is nothing to tell.
    let Some(search) = Search::begin(db, run, now)? else {
        return Ok(LintPage::default());
    };
    let mut findings = Vec::new();
    let (mut next, mut left) = (Some(place), WINDOW);
    while let Some(Place { check, mark }) = next.filter(|_| left > 0) {
        let Step { looked_at, last } = search.step(check, mark, left, &mut findings)?;
        left = left.saturating_sub(looked_at.max(1));
        next = match last {
            Some(mark) => Some(Place { check, mark }),
            None => Place::after(run, check),
        };
    }
    Ok(LintPage { findings, next })
}

pub(crate) fn count(db: &Connection, run: &LintRun, now: i64) -> rusqlite::Result<i64> {
    match LintCount::now() {
        LintCount::LiveOfTheScope => live(db, run.scope),
        LintCount::EveryScope => everywhere(db),
        LintCount::PerCheck => otherwise::useful(db, run, now),
    }
}

/// The live facts of a scope: those that are shown are counted all the time, and the others are few.
pub(super) fn live(db: &Connection, scope: Scope) -> rusqlite::Result<i64> {
    let hidden: i64 = db
        .prepare_cached("SELECT count(*) FROM entry INDEXED BY entry_hidden WHERE scope = ? AND state = 1")?
        .query_row([scope.code()], |row| row.get(0))?;
    Ok(shown(db, (0, 0), scope)? + hidden)
}

fn everywhere(db: &Connection) -> rusqlite::Result<i64> {
    Scope::ALL.into_iter().map(|scope| live(db, scope)).sum()
}

fn shown_of(db: &Connection, entity: &str, scope: Scope) -> rusqlite::Result<i64> {
    match term(db, entity)? {
        Some(term) => shown(db, (1, term), scope),
        None => Ok(0),
    }
}

/// How many facts a default query shows of what a tally is about.
fn shown(db: &Connection, (kind, term): (i64, i64), scope: Scope) -> rusqlite::Result<i64> {
    let shown: Option<i64> = db
        .prepare_cached("SELECT shown FROM tally WHERE kind = ? AND term = ? AND scope = ?")?
        .query_row((kind, term, scope.code()), |row| row.get(0))
        .optional()?;
    Ok(shown.unwrap_or(0))
}

/// The number of a name, which one that occurs in no fact has not.
pub(super) fn term(db: &Connection, text: &str) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT id FROM term WHERE text = ?")?
        .query_row([text], |row| row.get(0))
        .optional()
}
