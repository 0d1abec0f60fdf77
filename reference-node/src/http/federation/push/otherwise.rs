//! What only a deviating node does with a push: wrong values of policies call it, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Access;
use crate::domain::incoming::Offer;
use crate::domain::peer::Policy;
use crate::domain::scope::{Scope, ScopeSet};
use crate::http::App;
use crate::policy::PushScopes;
use crate::store::{Batch, Outcome};

/// How long the facts are behind the answer.
const LATER: Duration = Duration::from_secs(2);

/// The scopes that the facts of a push may have.
pub(super) fn permitted(which: PushScopes, app: &App, access: &Access) -> ScopeSet {
    let (listed, declared) = (access.listed, access.peer.scopes);
    let allowed = app.settings.federation.allowed;
    let local = ScopeSet::only(Scope::Local);
    match which {
        PushScopes::Common => access.scopes,
        PushScopes::TokenAndAllowed => common(listed, allowed),
        PushScopes::DeclaredAndAllowed => common(declared, allowed),
        PushScopes::TokenAndDeclared => common(listed, declared),
        PushScopes::LocalToo => access.scopes.iter().chain(common(listed, local).iter()).collect(),
    }
}

fn common(some: ScopeSet, others: ScopeSet) -> ScopeSet {
    some.iter().filter(|scope| others.contains(*scope)).collect()
}

/// Refuses all facts where one is refused.
pub(super) fn refuse_with_a_bad_one(batch: &mut Batch) {
    if batch.offers.iter().any(|offer| refusal(&batch.policy, offer).is_some()) {
        for offer in &mut batch.offers {
            offer.judged = Err("refused_with_others");
        }
    }
}

/// Says what will become of the facts, and stores them in a while.
pub(super) fn store_later(app: &Arc<App>, batch: Batch) -> Vec<Outcome> {
    let outcome = |offer| refusal(&batch.policy, offer).map_or(Outcome::Stored, Outcome::Refused);
    let outcomes: Vec<Outcome> = batch.offers.iter().map(outcome).collect();
    let app = Arc::clone(app);
    tokio::spawn(async move {
        tokio::time::sleep(LATER).await;
        if let Err(error) = app.store.receive(batch).await {
            tracing::error!(%error, "pushed facts could not be stored");
        }
    });
    outcomes
}

fn refusal(policy: &Policy, offer: &Offer) -> Option<&'static str> {
    match &offer.judged {
        Ok(fact) => policy.judge(fact).err(),
        Err(reason) => Some(reason),
    }
}

/// The fact without what it says of its content id.
pub(super) fn without_cid(fact: &[u8]) -> Vec<u8> {
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(fact) else {
        return fact.to_vec();
    };
    members.remove("cid");
    Value::Object(members).to_string().into_bytes()
}
