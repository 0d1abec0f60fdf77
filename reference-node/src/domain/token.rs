//! Peer tokens (section 3.5): compact JWS, EdDSA alone, times in milliseconds. Everything here is pure; the clock and
//! what is known about the issuer come in as arguments.

use data_encoding::BASE64URL_NOPAD;

use super::id::Id;
use super::json::{self, Json};
use super::scope::{Scope, ScopeSet};
use super::signing::{FederationKey, PeerKey, below_the_group_order};
use crate::policy::{
    Audience, ClaimTypes, IssuedAhead, MissingNonce, NonceForm, NonceMemory, NotBefore, OwnNonces, RefusalOrder,
    ScopesClaim, SentNonces, TokenAlgorithm, TokenAlphabet, TokenEnd, TokenForm, TokenLife, TokenParts, TokenScalar,
    TokenSigner, TokenSubject, TokenTimes,
};

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
    pub(crate) subject: Option<String>,
    issued_at: i64,
    expires_at: Option<i64>,
    not_before: Option<i64>,
    pub(crate) nonce: Option<String>,
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
    let nonce = SentNonces::now().next(subject, now_millis);
    OwnNonces::now().note(&nonce);
    write(key, issuer, TokenSubject::now().of(subject), scopes, now_millis, &nonce)
}

fn write(key: &FederationKey, issuer: &str, subject: &str, scopes: ScopeSet, now: i64, nonce: &str) -> String {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let scopes: Vec<String> = scopes.words().into_iter().map(text).collect();
    let (begin, end) = TokenTimes::now().span(now, LONGEST_LIFE);
    let payload = format!(
        r#"{{"iss":{},"sub":{},"iat":{begin},"exp":{end},"nonce":{},"scopes":[{}]}}"#,
        text(issuer),
        text(subject),
        text(nonce),
        scopes.join(",")
    );
    let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    let signed = format!("{}.{}", encode(HEADER), encode(&payload));
    let signature = match TokenSigner::now() {
        TokenSigner::FederationKey => key.sign(signed.as_bytes()),
        TokenSigner::KeyOfItsOwn => FederationKey::from_seed(&[1; 32]).sign(signed.as_bytes()),
    };
    format!("{signed}.{signature}")
}

impl Token {
    /// Reads a token without believing it.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > LONGEST {
            return Err(Refusal::Malformed);
        }
        let mut parts = text.split('.').take(TokenParts::now().read());
        let (Some(header), Some(payload), Some(signed), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::Malformed);
        };
        let signature = decode(signed)?;
        let (header_bytes, payload_bytes) = (decode(header)?, decode(payload)?);
        let header_json = object(&header_bytes)?;
        let claims = object(&payload_bytes)?;
        let algorithm = header_json.member("alg").and_then(Json::as_str);
        let is_plain = TokenAlgorithm::now().takes(algorithm) && TokenForm::now().takes(&header_json, &claims);
        // Extensions that a token calls critical are none that this node knows.
        if !is_plain || header_json.member("crit").is_some() {
            return Err(Refusal::Invalid);
        }
        let signature = <[u8; 64]>::try_from(signature).map_err(|_| Refusal::Malformed)?;
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
        let signature = match TokenScalar::now() {
            TokenScalar::ToTheLetter => self.signature,
            TokenScalar::Reduced => below_the_group_order(&self.signature),
        };
        let genuine = key.verifies(self.signed.as_bytes(), &signature);
        let genuine = if genuine { Ok(()) } else { Err(Refusal::Signature) };
        let claims = self.judge_claims(me, now_millis);
        match RefusalOrder::now() {
            RefusalOrder::ClaimsBeforeSignature => claims.and_then(|grant| genuine.map(|()| grant)),
            _ => genuine.and(claims),
        }
    }

    /// Judges what a token says, whoever signed it.
    pub(crate) fn judge_claims(self, me: &str, now_millis: i64) -> Result<Grant, Refusal> {
        let expires_at = self.end(now_millis).ok_or(Refusal::Expired)?;
        if self.subject.as_deref() != Some(me) && Audience::now() != Audience::Anybody {
            return Err(Refusal::Subject);
        }
        if self.issued_at > now_millis.saturating_add(leeway()) {
            return Err(Refusal::IssuedInFuture);
        }
        let not_before = self.not_before.filter(|_| NotBefore::now() == NotBefore::Believed);
        if not_before.is_some_and(|at| at > now_millis + LEEWAY) {
            return Err(Refusal::NotYet);
        }
        let life = match TokenLife::now() {
            TokenLife::FromIatToExp => expires_at.saturating_sub(self.issued_at),
            TokenLife::FromNowToExp => expires_at.saturating_sub(now_millis),
            TokenLife::OfAnyLength => 0,
        };
        let lifetime = if life > LONGEST_LIFE {
            Err(Refusal::Lifetime)
        } else {
            Ok(())
        };
        let nonce = self.nonce.or_else(|| stand_in(now_millis)).ok_or(Refusal::NoNonce);
        let nonce = match RefusalOrder::now() {
            RefusalOrder::NonceBeforeLifetime => nonce.and_then(|nonce| lifetime.map(|()| nonce))?,
            _ => lifetime.and(nonce)?,
        };
        if nonce.len() > LONGEST_NONCE || !NonceForm::now().takes(&nonce) {
            return Err(Refusal::Invalid);
        }
        Ok(Grant {
            nonce,
            expires_at: NonceMemory::now().end(self.issued_at, expires_at),
            scopes: self.scopes,
        })
    }

    /// When the token ends, if that is still to come.
    fn end(&self, now_millis: i64) -> Option<i64> {
        let end = match TokenEnd::now() {
            TokenEnd::AtExp => self.expires_at?,
            TokenEnd::Never => return Some(self.expires_at.unwrap_or(self.issued_at)),
            TokenEnd::AMinuteAfterIat => self.expires_at?.min(self.issued_at.saturating_add(60_000)),
            TokenEnd::AnHourAfterIatWithoutExp => {
                let hour = self.issued_at.saturating_add(LONGEST_LIFE);
                self.expires_at.unwrap_or(hour)
            }
            TokenEnd::AtExpInEitherUnit => match self.expires_at? {
                seconds @ ..100_000_000_000 => seconds.saturating_mul(1_000),
                millis => millis,
            },
        };
        (end > now_millis).then_some(end)
    }

    /// The same with claims that nobody objects to.
    pub(crate) fn beyond_reproach(self, me: &str, now_millis: i64) -> Self {
        Self {
            subject: Some(me.to_owned()),
            issued_at: now_millis,
            expires_at: Some(now_millis + LEEWAY),
            not_before: None,
            nonce: Some(Id::fresh(now_millis).text()),
            ..self
        }
    }
}

/// How far ahead a token may be dated.
fn leeway() -> i64 {
    match IssuedAhead::now() {
        IssuedAhead::HalfAMinute => LEEWAY,
        IssuedAhead::FiveMinutes => 10 * LEEWAY,
        IssuedAhead::AnyTime => i64::MAX,
        IssuedAhead::NoTime => 0,
    }
}

/// What is taken for the nonce of a token that has none.
fn stand_in(now_millis: i64) -> Option<String> {
    (MissingNonce::now() == MissingNonce::PassedOver).then(|| Id::fresh(now_millis).text())
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    let part = TokenAlphabet::now().of(part);
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
        Some(other) if ClaimTypes::now() == ClaimTypes::TextsAreMade => Ok(Some(format!("{other:?}"))),
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
        Some(_) if ClaimTypes::now() == ClaimTypes::NumbersAreDropped => Ok(None),
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
            .filter_map(|word| word.map(scope).transpose())
            .collect(),
        Some(Json::String(list)) if ScopesClaim::now() == ScopesClaim::ListOrText => {
            Ok(list.split(',').filter_map(scope).collect())
        }
        Some(_) => Err(Refusal::Invalid),
    }
}

fn scope(word: &str) -> Option<Scope> {
    match ScopesClaim::now() {
        ScopesClaim::ListOfLooseWords => Scope::parse(&word.trim().to_lowercase()),
        _ => Scope::parse(word),
    }
}

#[cfg(test)]
mod tests;
