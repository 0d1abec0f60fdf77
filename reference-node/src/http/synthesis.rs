//! `/v1/synthesis`: what is known of a scope.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::App;
use super::auth::{Identified, scope_refused};
use super::body;
use super::errors::ApiError;
use super::stream::{self, Pieces};
use crate::document::{LongList, SynthesisMembers};
use crate::domain::caller::Caller;
use crate::domain::instant::now_micros;
use crate::domain::json;
use crate::domain::synthesis::{SynthesisRequest, Tally};
use crate::policy::{SynthesisCaller, SynthesisChecks};
use crate::store::Stored;
use crate::store::synthesis::After;

pub(super) async fn synthesise(
    State(app): State<Arc<App>>,
    caller: Result<Identified, ApiError>,
    request: Request,
) -> Result<Response, ApiError> {
    let (caller, asked) = match SynthesisChecks::now() {
        SynthesisChecks::CallerFirst => {
            let caller = permitted(caller?)?;
            (caller, read(&app, request).await?)
        }
        SynthesisChecks::BodyFirst => {
            let asked = read(&app, request).await?;
            (permitted(caller?)?, asked)
        }
    };
    let answer = Answer::begin(&app, asked);
    if caller.may_touch(answer.request.scope) {
        return stream::json(&app, answer).await;
    }
    let refused = scope_refused(answer.request.scope);
    match SynthesisCaller::now() {
        SynthesisCaller::EveryScope => stream::json(&app, answer).await,
        SynthesisCaller::NothingForOtherScopes => stream::json(&app, answer.of_nothing()).await,
        SynthesisCaller::ForbiddenWhereThereIsSomething => {
            if answer.has_something().await? {
                return Err(refused);
            }
            stream::json(&app, answer.of_nothing()).await
        }
        _ => Err(refused),
    }
}

fn permitted(caller: Identified) -> Result<Caller, ApiError> {
    match SynthesisCaller::now().permission() {
        Some(needed) => caller.require(needed),
        None => Ok(caller.0),
    }
}

async fn read(app: &App, request: Request) -> Result<SynthesisRequest, ApiError> {
    let bytes = body::json(app, request).await?;
    Ok(SynthesisRequest::from_json(&json::read(&bytes)?)?)
}

/// The answer, while it is made.
struct Answer {
    app: Arc<App>,
    request: Arc<SynthesisRequest>,
    now: i64,
    tally: Tally,
    /// Where the walk is, until it is over.
    after: Option<After>,
    list: Option<LongList>,
    ended: bool,
}

impl Answer {
    fn begin(app: &Arc<App>, request: SynthesisRequest) -> Self {
        Self {
            app: Arc::clone(app),
            request: Arc::new(request),
            now: now_micros(),
            tally: Tally::default(),
            after: Some(After::NOTHING),
            list: None,
            ended: false,
        }
    }

    /// The answer where nothing is known.
    fn of_nothing(self) -> Self {
        Self { after: None, ..self }
    }

    async fn has_something(&self) -> Stored<bool> {
        let request = Arc::clone(&self.request);
        let page = self.app.store.synthesis(request, After::NOTHING, self.now).await?;
        Ok(page.tally.facts > 0)
    }
}

impl Pieces for Answer {
    async fn next(&mut self) -> Stored<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let mut text = if self.list.is_none() {
            LongList::begin("summary")
        } else {
            Vec::new()
        };
        let list = self.list.get_or_insert_default();
        if let Some(after) = self.after {
            let request = Arc::clone(&self.request);
            let page = self.app.store.synthesis(request, after, self.now).await?;
            list.add_entries(&mut text, &page.entries)?;
            self.tally.add(page.tally);
            self.after = page.next;
        }
        if self.after.is_none() {
            LongList::end(&mut text, &SynthesisMembers::of(&self.request, self.now, self.tally))?;
            self.ended = true;
        }
        Ok(Some(text))
    }
}
