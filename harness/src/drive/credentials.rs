//! Whose key goes with a request, and how it is written down.

use super::{
    case::{Run, Stop},
    request::{self, Ready},
};
use crate::{
    trace::{Answer, Body, Exchange, StepRecord},
    vectors::{Credential, KeyWish},
    world::{
        http::{Outgoing, percent},
        keys::Key,
    },
};

impl Run<'_> {
    /// Sends a request with a key that is not the step's.
    pub(super) async fn send_as(&mut self, ready: &Ready, wish: &KeyWish, done: &mut StepRecord) -> Result<(), Stop> {
        let mut out = request::outgoing(&ready.document).map_err(Stop::Harness)?;
        let key = self.place.key(wish, "agent:federation", "federation").await;
        let key = key.map_err(Stop::Missing)?;
        out.authorization = Some((format!("Bearer {}", key.raw), format!("Bearer {}", key.shown)));
        self.send_out(out, None, done).await
    }

    pub(super) async fn outgoing(&self, ready: &Ready) -> Result<Outgoing, Stop> {
        let mut out = request::outgoing(&ready.document).map_err(Stop::Harness)?;
        out.authorization = self.authorization(&ready.credential).await?;
        for (raw, shown) in &self.secrets {
            out.target = out.target.replace(&percent(shown), &percent(raw)).replace(shown, raw);
        }
        Ok(out)
    }

    async fn authorization(&self, credential: &Credential) -> Result<Option<(String, String)>, Stop> {
        let bearer = |key: Key| Some((format!("Bearer {}", key.raw), format!("Bearer {}", key.shown)));
        let fill = |text: &str| {
            self.bindings
                .fill_text(text)
                .map_err(|unbound| Stop::Harness(unbound.to_string()))
        };
        match credential {
            Credential::None => Ok(None),
            Credential::Ordinary => Ok(self.place.ordinary_key().await.map_err(Stop::Missing)?.and_then(bearer)),
            Credential::Named(name) => {
                let wish = self
                    .case
                    .keys
                    .get(name)
                    .ok_or_else(|| Stop::Harness(format!("the case has no key {name:?}")))?;
                let entity = request::entity_of(wish, &self.bindings).map_err(Stop::Harness)?;
                self.place
                    .key(wish, &entity, name)
                    .await
                    .map_err(Stop::Missing)
                    .map(bearer)
            }
            Credential::Bearer(text) => {
                let shown = format!("Bearer {}", fill(text)?);
                Ok(Some((self.reveal(&shown), shown)))
            }
            Credential::Token(wish) => self.token(wish).map(Some),
            Credential::Header(text) => {
                let shown = fill(text)?;
                Ok(Some((self.reveal(&shown), shown)))
            }
        }
    }

    fn reveal(&self, shown: &str) -> String {
        self.secrets
            .iter()
            .fold(shown.to_owned(), |text, (raw, shown)| text.replace(shown, raw))
    }

    /// Takes secrets out of what is written down.
    pub(super) fn hide(&mut self, exchange: &mut Exchange, pointer: Option<&str>) {
        let Answer::Response(response) = &mut exchange.answer else {
            return;
        };
        if let Some(raw) =
            pointer.and_then(|pointer| response.body.json()?.pointer(pointer)?.as_str().map(str::to_owned))
            && raw.len() >= 8
        {
            self.secrets
                .push((raw, format!("{{secret:{}}}", self.secrets.len() + 1)));
        }
        if let Body::Text(text) = &mut response.body {
            for (raw, shown) in &self.secrets {
                *text = text.replace(raw, shown);
            }
        }
    }
}
