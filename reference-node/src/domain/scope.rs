//! The four scopes, and sets of them.

use serde::Serialize;

/// The visibility fence of a fact (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    Local,
    Team,
    Company,
    Public,
}

impl Scope {
    pub(crate) const ALL: [Self; 4] = [Self::Local, Self::Team, Self::Company, Self::Public];

    /// Exact and case-sensitive.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Team => "team",
            Self::Company => "company",
            Self::Public => "public",
        }
    }

    /// The number under which the store keeps the scope.
    pub(crate) const fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// Which scopes a caller may touch. Empty means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScopeSet(u8);

impl ScopeSet {
    pub(crate) const ALL: Self = Self(0b1111);

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope.code()) != 0
    }

    pub(crate) fn only(scope: Scope) -> Self {
        Self(1 << scope.code())
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    pub(crate) fn words(self) -> Vec<&'static str> {
        self.iter().map(Scope::word).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | 1 << scope.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_exact() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.word()), Some(scope));
            assert_eq!(Scope::from_code(scope.code()), Some(scope));
        }
        for word in ["Local", "", "local ", "global"] {
            assert_eq!(Scope::parse(word), None, "{word:?}");
        }
    }

    #[test]
    fn an_empty_set_holds_no_scope() {
        let none = ScopeSet::from_iter([]);
        assert!(Scope::ALL.into_iter().all(|scope| !none.contains(scope)));
        assert_eq!(ScopeSet::from_iter(Scope::ALL), ScopeSet::ALL);
        assert_eq!(ScopeSet::only(Scope::Team).words(), ["team"]);
    }
}
