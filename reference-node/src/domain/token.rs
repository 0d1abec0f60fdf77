//! Peer tokens (section 3.5): compact JWS, EdDSA alone, times in milliseconds. Everything here is pure; the clock and
//! what is known about the issuer come in as arguments.

use data_encoding::BASE64URL_NOPAD;

use super::id::Id;
use super::json::{self, Json};
use super::scope::{Scope, ScopeSet};
use super::signing::{FederationKey, PeerKey, signature};

/// The header of every token that this node mints.
const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;
const LONGEST_LIFE: i64 = 3_600_000;
/// How far ahead a peer's clock may be.
const LEEWAY: i64 = 30_000;
/// What is read of a token at all.
const LONGEST: usize = 16_384;
const LONGEST_NONCE: usize = 1_024;

/// Why a token was refused. `Malformed` and `Invalid` tell nothing about a peer and are not audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    Invalid,
    NotRegistered,
    NotActive,
    Signature,
    Expired,
    Subject,
    IssuedInFuture,
    NotYet,
    Lifetime,
    NoNonce,
    NonceSeen,
}

impl Refusal {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_token",
            Self::Invalid => "invalid_token",
            Self::NotRegistered => "peer_not_registered",
            Self::NotActive => "peer_not_active",
            Self::Signature => "invalid_signature",
            Self::Expired => "token_expired",
            Self::Subject => "invalid_sub",
            Self::IssuedInFuture => "iat_in_future",
            Self::NotYet => "nbf_in_future",
            Self::Lifetime => "token_lifetime_exceeded",
            Self::NoNonce => "missing_nonce",
            Self::NonceSeen => "nonce_already_seen",
        }
    }

    pub(crate) const fn is_audited(self) -> bool {
        !matches!(self, Self::Malformed | Self::Invalid)
    }
}

/// A token that could be read. Nothing in it is proven yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) issuer: String,
    subject: Option<String>,
    issued_at: i64,
    expires_at: Option<i64>,
    not_before: Option<i64>,
    nonce: Option<String>,
    scopes: ScopeSet,
    signed: String,
    signature: [u8; 64],
}

/// What a token that holds is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) nonce: String,
    /// In milliseconds.
    pub(crate) expires_at: i64,
    pub(crate) scopes: ScopeSet,
}

/// A token for one request to the node `subject`.
pub(crate) fn mint(key: &FederationKey, issuer: &str, subject: &str, scopes: ScopeSet, now_millis: i64) -> String {
    let nonce = fresh_nonce(now_millis);
    write(key, issuer, subject, scopes, now_millis, &nonce)
}

fn fresh_nonce(now_millis: i64) -> String {
    Id::fresh(now_millis).text()
}

fn write(key: &FederationKey, issuer: &str, subject: &str, scopes: ScopeSet, now: i64, nonce: &str) -> String {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let scopes: Vec<String> = scopes.words().into_iter().map(text).collect();
    let payload = format!(
        r#"{{"iss":{},"sub":{},"iat":{now},"exp":{},"nonce":{},"scopes":[{}]}}"#,
        text(issuer),
        text(subject),
        now + LONGEST_LIFE,
        text(nonce),
        scopes.join(",")
    );
    let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    let signed = format!("{}.{}", encode(HEADER), encode(&payload));
    let signature = key.sign(signed.as_bytes());
    format!("{signed}.{signature}")
}

impl Token {
    /// Reads a token without believing it.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::Malformed);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signed), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::Malformed);
        };
        let _ = decode(signed)?;
        let (header_bytes, payload_bytes) = (decode(header)?, decode(payload)?);
        let header_json = object(&header_bytes)?;
        let claims = object(&payload_bytes)?;
        // Extensions that a token calls critical are none that this node knows.
        let is_plain = header_json.member("alg").and_then(Json::as_str) == Some("EdDSA");
        if !is_plain || header_json.member("crit").is_some() {
            return Err(Refusal::Invalid);
        }
        let signature = signature(signed).ok_or(Refusal::Malformed)?;
        Ok(Self {
            issuer: string(&claims, "iss")?.ok_or(Refusal::Invalid)?,
            subject: string(&claims, "sub")?,
            issued_at: number(&claims, "iat")?.ok_or(Refusal::Invalid)?,
            expires_at: number(&claims, "exp")?,
            not_before: number(&claims, "nbf")?,
            nonce: string(&claims, "nonce")?.filter(|nonce| !nonce.is_empty()),
            scopes: scopes(&claims)?,
            signed: format!("{header}.{payload}"),
            signature,
        })
    }

    /// Judges a token of an issuer that is known and active. Whether the nonce was seen is for the store to say.
    pub(crate) fn judge(self, key: &PeerKey, me: &str, now_millis: i64) -> Result<Grant, Refusal> {
        if !key.verifies(self.signed.as_bytes(), &self.signature) {
            return Err(Refusal::Signature);
        }
        let expires_at = self.expires_at.filter(|at| *at > now_millis).ok_or(Refusal::Expired)?;
        if self.subject.as_deref() != Some(me) {
            return Err(Refusal::Subject);
        }
        let latest = now_millis + LEEWAY;
        if self.issued_at > latest {
            return Err(Refusal::IssuedInFuture);
        }
        if self.not_before.is_some_and(|at| at > latest) {
            return Err(Refusal::NotYet);
        }
        if expires_at.saturating_sub(self.issued_at) > LONGEST_LIFE {
            return Err(Refusal::Lifetime);
        }
        let nonce = self.nonce.ok_or(Refusal::NoNonce)?;
        if nonce.len() > LONGEST_NONCE {
            return Err(Refusal::Invalid);
        }
        Ok(Grant {
            nonce,
            expires_at,
            scopes: self.scopes,
        })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| Refusal::Malformed)
}

fn object(bytes: &[u8]) -> Result<Json<'_>, Refusal> {
    match json::read(bytes) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(Refusal::Malformed),
    }
}

fn string(claims: &Json<'_>, name: &str) -> Result<Option<String>, Refusal> {
    match claims.member(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone().into_owned())),
        Some(_) => Err(Refusal::Invalid),
    }
}

/// A number of milliseconds; a fraction is cut off, what is out of range saturates.
fn number(claims: &Json<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    match claims.member(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(literal)) => {
            let exact = literal.parse::<i64>().ok();
            let cut = literal.parse::<f64>().ok().map(|double| double as i64);
            exact.or(cut).map(Some).ok_or(Refusal::Invalid)
        }
        Some(_) => Err(Refusal::Invalid),
    }
}

/// Words that are no scopes grant nothing.
fn scopes(claims: &Json<'_>) -> Result<ScopeSet, Refusal> {
    match claims.member("scopes") {
        None | Some(Json::Null) => Ok(ScopeSet::default()),
        Some(Json::Array(words)) => words
            .iter()
            .map(|word| word.as_str().ok_or(Refusal::Invalid))
            .filter_map(|word| word.map(Scope::parse).transpose())
            .collect(),
        Some(_) => Err(Refusal::Invalid),
    }
}

#[cfg(test)]
mod tests;
