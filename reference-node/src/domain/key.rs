//! API keys: 256 random bits with a recognisable prefix. Only their SHA-256 is stored, which for a secret of that
//! entropy needs neither salt nor stretching.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::caller::{Permission, PermissionSet};
use super::id::fill_random;
use super::scope::{Scope, ScopeSet};

/// A key in the clear. It exists only between making it and handing it out.
pub(crate) struct RawKey(pub(crate) String);

impl RawKey {
    pub(crate) fn fresh() -> Self {
        let mut bytes = [0; 32];
        fill_random(&mut bytes);
        Self(format!("stigmem_{}", BASE64URL_NOPAD.encode(&bytes)))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyHash(pub(crate) [u8; 32]);

impl KeyHash {
    pub(crate) fn of(raw: &str) -> Self {
        Self(Sha256::digest(raw.as_bytes()).into())
    }

    /// Takes the same time whatever the difference.
    pub(crate) fn matches(&self, stored: &[u8]) -> bool {
        self.0.ct_eq(stored).into()
    }
}

/// What an operator or administrator asks for when making a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyDraft {
    pub(crate) entity_uri: String,
    pub(crate) permissions: PermissionSet,
    pub(crate) scopes: ScopeSet,
    pub(crate) description: Option<String>,
    /// As given, and in microseconds.
    pub(crate) expires_at: Option<(String, i64)>,
}

/// A stored key without its secret.
#[derive(Clone, Debug)]
pub(crate) struct KeyRecord {
    pub(crate) id: String,
    pub(crate) draft: KeyDraft,
    pub(crate) created_at: i64,
}

/// Reads permission words; the error is the first word that is none.
pub(crate) fn permissions<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<PermissionSet, &'w str> {
    words
        .into_iter()
        .map(|word| Permission::parse(word).ok_or(word))
        .collect()
}

/// Reads scope words; the error is the first word that is none.
pub(crate) fn scopes<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<ScopeSet, &'w str> {
    words.into_iter().map(|word| Scope::parse(word).ok_or(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_never_alike() {
        let (a, b) = (RawKey::fresh().0, RawKey::fresh().0);
        assert_ne!(a, b);
        assert_eq!(a.len(), "stigmem_".len() + 43);
    }

    #[test]
    fn only_the_same_key_matches() {
        let hash = KeyHash::of("stigmem_a");
        assert!(hash.matches(&KeyHash::of("stigmem_a").0));
        assert!(!hash.matches(&KeyHash::of("stigmem_b").0));
        assert!(!hash.matches(b""));
    }

    #[test]
    fn unknown_words_are_named() {
        assert_eq!(permissions(["read", "own"]), Err("own"));
        assert_eq!(scopes(["local", "Local"]), Err("Local"));
        assert_eq!(permissions([]), Ok(PermissionSet::default()));
    }
}
