//! Peer declarations (section 6.1): five members, signed in one fixed spelling.

use super::address::{self, Address};
use super::fact::Issue;
use super::instant::Instant;
use super::json::Json;
use super::scope::{Scope, ScopeSet};
use super::signing::{FederationKey, PeerKey, signature};
use crate::policy::{
    Compared, Freshness, MembersBeside, ScopeOrder, ScopeSpelling, SignatureCheck, SignedEscapes, SignedMembers,
};

const LONGEST_NAME: usize = 2_048;

/// A declaration whose members have the right types and encodings.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) node_id: String,
    pub(crate) node_url: String,
    pub(crate) federation_pubkey: String,
    /// In the order in which they were signed.
    pub(crate) allowed_scopes: Vec<Scope>,
    pub(crate) signed_at: String,
    pub(crate) declaration_sig: String,
    pub(crate) rate_limit: Option<RateLimit>,
}

/// A token bucket: how fast it fills and how much it holds. One request costs one token, a served fact after the first
/// one more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RateLimit {
    pub(crate) per_second: f64,
    pub(crate) burst: f64,
}

/// What a node publishes about itself at `/.well-known/stigmem`.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) node_id: String,
    pub(crate) node_url: String,
    pub(crate) federation_pubkey: String,
}

impl Published {
    pub(crate) fn from_json(document: &Json<'_>) -> Option<Self> {
        let text = |name| document.member(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self {
            node_id: text("node_id")?,
            node_url: text("node_url")?,
            federation_pubkey: text("federation_pubkey")?,
        })
    }

    /// The document that says what the declaration says.
    pub(crate) fn as_declared(declaration: &Declaration) -> Self {
        Self {
            node_id: declaration.node_id.clone(),
            node_url: declaration.node_url.clone(),
            federation_pubkey: declaration.federation_pubkey.clone(),
        }
    }
}

impl Declaration {
    /// Signs a declaration of this node's own.
    pub(crate) fn sign(key: &FederationKey, node_id: &str, node_url: &str, scopes: &[Scope], signed_at: &str) -> Self {
        let mut declaration = Self {
            node_id: node_id.to_owned(),
            node_url: node_url.to_owned(),
            federation_pubkey: key.public_text(),
            allowed_scopes: scopes.to_vec(),
            signed_at: signed_at.to_owned(),
            declaration_sig: String::new(),
            rate_limit: None,
        };
        declaration.declaration_sig = key.sign(declaration.signed_text().as_bytes());
        declaration
    }

    /// The signed bytes: sorted keys, no blanks, everything outside printable ASCII escaped.
    pub(crate) fn signed_text(&self) -> String {
        let mut text = String::from("{\"allowed_scopes\":[");
        for (at, scope) in self.allowed_scopes.iter().enumerate() {
            text.push_str(if at == 0 { "" } else { "," });
            push_ascii(&mut text, scope.word());
        }
        text.push(']');
        for (name, value) in [
            ("federation_pubkey", &self.federation_pubkey),
            ("node_id", &self.node_id),
            ("node_url", &self.node_url),
            ("signed_at", &self.signed_at),
        ] {
            text.push(',');
            push_ascii(&mut text, name);
            text.push(':');
            push_ascii(&mut text, value);
        }
        if let (SignedMembers::RateLimitToo, Some(limit)) = (SignedMembers::now(), self.rate_limit) {
            text.push_str(&format!(",\"rate_limit\":[{},{}]", limit.per_second, limit.burst));
        }
        text.push('}');
        text
    }

    /// Reads the body of a registration. What is refused here is stored nowhere.
    pub(crate) fn from_json(body: &Json<'_>) -> Result<Self, Vec<Issue>> {
        if !matches!(body, Json::Object(_)) {
            return Err(vec![Issue::new(&[], "object_type", "the body is a JSON object")]);
        }
        let (declaration, issues) = Self::read(body);
        if issues.is_empty() {
            Ok(declaration)
        } else {
            Err(issues)
        }
    }

    /// What can be read of a declaration, and what is wrong with it.
    pub(crate) fn read(body: &Json<'_>) -> (Self, Vec<Issue>) {
        let mut issues = Vec::new();
        let mut text = |name: &'static str| match body.member(name) {
            Some(Json::String(text)) if !text.is_empty() && text.len() <= LONGEST_NAME => text.clone().into_owned(),
            Some(Json::String(_)) => {
                issues.push(Issue::new(&[name], "string_length", "this member has 1 to 2048 bytes"));
                String::new()
            }
            Some(_) => {
                issues.push(Issue::new(&[name], "string_type", "this member is a string"));
                String::new()
            }
            None => {
                issues.push(Issue::new(&[name], "missing", "this member is required"));
                String::new()
            }
        };
        let mut declaration = Self {
            node_id: text("node_id"),
            node_url: text("node_url"),
            federation_pubkey: text("federation_pubkey"),
            allowed_scopes: Vec::new(),
            signed_at: text("signed_at"),
            declaration_sig: text("declaration_sig"),
            rate_limit: None,
        };
        match read_scopes(body) {
            Ok(scopes) => declaration.allowed_scopes = scopes,
            Err(issue) => issues.push(issue),
        }
        match RateLimit::from_json(body) {
            Ok(limit) => declaration.rate_limit = limit,
            Err(issue) => issues.push(issue),
        }
        if MembersBeside::now() == MembersBeside::Refused && has_unknown_members(body) {
            let message = "a declaration has seven members at most";
            issues.push(Issue::new(&[], "extra_forbidden", message));
        }
        if issues.is_empty() {
            declaration.check_encodings(&mut issues);
        }
        (declaration, issues)
    }

    fn check_encodings(&self, issues: &mut Vec<Issue>) {
        let mut refuse = |name, kind, message| issues.push(Issue::new(&[name], kind, message));
        if PeerKey::parse(&self.federation_pubkey).is_none() {
            refuse(
                "federation_pubkey",
                "key_format",
                "a key is base64url without padding of an Ed25519 key of large order",
            );
        }
        if signature(&self.declaration_sig).is_none() {
            refuse(
                "declaration_sig",
                "signature_format",
                "a signature is base64url without padding of 64 bytes",
            );
        }
        if Address::parse(&self.node_url).is_none() {
            refuse("node_url", "url_parsing", "this member is an http or https URL");
        }
        if self.signing_time(0).is_none() {
            refuse(
                "signed_at",
                "datetime_parsing",
                "this member is RFC 3339 with an explicit offset",
            );
        }
    }

    /// Whether the declaration is its owner's, and fresh; the error says what does not agree.
    pub(crate) fn judge(&self, published: &Published, now_micros: i64) -> Result<(), &'static str> {
        if !self.signature_holds() {
            return Err("invalid_signature");
        }
        let compared = Compared::now();
        if compared != Compared::AllButKeys && published.federation_pubkey != self.federation_pubkey {
            return Err("federation_pubkey_differs");
        }
        if compared != Compared::AllButNames && published.node_id != self.node_id {
            return Err("node_id_differs");
        }
        if compared != Compared::AllButAddresses && !address::are_the_same(&self.node_url, &published.node_url) {
            return Err("node_url_differs");
        }
        let signed_at = self.signing_time(now_micros).ok_or("signed_at_unreadable")?;
        let (back, ahead) = fresh();
        let most = if signed_at < now_micros { back } else { ahead };
        if signed_at.abs_diff(now_micros) > most {
            return Err("signed_at_out_of_range");
        }
        Ok(())
    }

    /// In microseconds.
    fn signing_time(&self, now_micros: i64) -> Option<i64> {
        let read = Instant::parse(&self.signed_at).map(|instant| instant.micros);
        match Freshness::now() {
            Freshness::UnreadableIsPresent => read.or(Some(now_micros)),
            _ => read,
        }
    }

    pub(crate) fn signature_holds(&self) -> bool {
        let (key, signed) = (
            PeerKey::parse(&self.federation_pubkey),
            signature(&self.declaration_sig),
        );
        match (key, signed) {
            (Some(key), Some(signed)) => SignatureCheck::now().holds(&signed, |signed| {
                let is_over = |declaration: &Self| key.verifies(declaration.signed_text().as_bytes(), signed);
                is_over(self) || (ScopeOrder::now() == ScopeOrder::SentOrSorted && is_over(&self.sorted()))
            }),
            _ => false,
        }
    }

    /// The same with its scopes in alphabetical order.
    fn sorted(&self) -> Self {
        let mut sorted = self.clone();
        sorted.allowed_scopes.sort_unstable_by_key(|scope| scope.word());
        sorted
    }

    pub(crate) fn scopes(&self) -> ScopeSet {
        self.allowed_scopes.iter().copied().collect()
    }
}

/// How far back and how far ahead `signed_at` may lie, in microseconds: 24 hours.
fn fresh() -> (u64, u64) {
    const HOUR: u64 = 3_600 * 1_000_000;
    const DAY: u64 = 24 * HOUR;
    match Freshness::now() {
        Freshness::OneDay | Freshness::UnreadableIsPresent => (DAY, DAY),
        Freshness::OneHour => (HOUR, HOUR),
        Freshness::AnyDate => (u64::MAX, u64::MAX),
        Freshness::AnyDateAhead => (DAY, u64::MAX),
    }
}

fn has_unknown_members(body: &Json<'_>) -> bool {
    const KNOWN: [&str; 7] = [
        "node_id",
        "node_url",
        "federation_pubkey",
        "allowed_scopes",
        "signed_at",
        "declaration_sig",
        "rate_limit",
    ];
    let Json::Object(members) = body else {
        return false;
    };
    members.iter().any(|(name, _)| !KNOWN.contains(&&**name))
}

fn read_scopes(body: &Json<'_>) -> Result<Vec<Scope>, Issue> {
    let refuse = |kind, message| Err(Issue::new(&["allowed_scopes"], kind, message));
    match body.member("allowed_scopes") {
        None => refuse("missing", "this member is required"),
        Some(Json::Array(words)) if words.len() <= 16 => {
            let scopes: Option<Vec<Scope>> = words.iter().map(|word| read_scope(word.as_str()?)).collect();
            let in_order = |scopes: &Vec<Scope>| {
                ScopeOrder::now() != ScopeOrder::MustBeSorted || scopes.is_sorted_by_key(|scope| scope.word())
            };
            scopes.filter(in_order).map_or_else(
                || refuse("literal_error", "a scope is one of local, team, company, public"),
                Ok,
            )
        }
        Some(_) => refuse("list_type", "this member is a list of at most 16 scopes"),
    }
}

fn read_scope(word: &str) -> Option<Scope> {
    match ScopeSpelling::now() {
        ScopeSpelling::Exact => Scope::parse(word),
        ScopeSpelling::Tidied => Scope::parse(&word.trim().to_lowercase()),
    }
}

impl RateLimit {
    /// Wide enough for a peer that drains a long history, narrow enough to bound what one peer can ask for.
    pub(crate) const DEFAULT: Self = Self {
        per_second: 50.0,
        burst: 200.0,
    };

    /// `{"facts_per_second": n, "burst": n}`; it may only narrow what the node grants.
    fn from_json(body: &Json<'_>) -> Result<Option<Self>, Issue> {
        let limit = match body.member("rate_limit") {
            None | Some(Json::Null) => return Ok(None),
            Some(limit) => limit,
        };
        let wrong = || {
            Issue::new(
                &["rate_limit"],
                "rate_limit",
                "a rate limit has positive finite numbers",
            )
        };
        let number = |name: &str| match limit.member(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Number(literal)) => match literal.parse::<f64>() {
                Ok(number) if number > 0.0 && number.is_finite() => Ok(Some(number)),
                _ => Err(wrong()),
            },
            Some(_) => Err(wrong()),
        };
        if !matches!(limit, Json::Object(_)) {
            return Err(wrong());
        }
        let per_minute = number("requests_per_minute")?.map(|rate| rate / 60.0);
        let per_second = number("facts_per_second")?
            .or(number("requests_per_second")?)
            .or(per_minute);
        let burst = number("burst")?;
        if per_second.is_none() && burst.is_none() {
            return Ok(None);
        }
        let per_second = per_second.unwrap_or(Self::DEFAULT.per_second);
        Ok(Some(Self {
            per_second,
            burst: burst.unwrap_or(per_second).max(1.0),
        }))
    }
}

/// A JSON string in ASCII alone: what the signers of the protocol write.
fn push_ascii(text: &mut String, content: &str) {
    use std::fmt::Write as _;
    text.push('"');
    for c in content.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            ' '..='~' => text.push(c),
            other => {
                match SignedEscapes::now() {
                    SignedEscapes::Utf16Units => {
                        for unit in other.encode_utf16(&mut [0; 2]) {
                            // Writing to a String cannot fail.
                            let _ = write!(text, "\\u{unit:04x}");
                        }
                    }
                    SignedEscapes::CodePoints => {
                        let _ = write!(text, "\\u{:04x}", u32::from(other));
                    }
                    SignedEscapes::Never => text.push(other),
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests;
