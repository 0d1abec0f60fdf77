//! Who is asking, and what that caller may do (section 3.5).

use super::scope::{Scope, ScopeSet};
use crate::policy::EverybodysRights;

/// The permissions are independent of each other: `write` does not imply `read`, nor `admin` anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Admin,
    Federate,
    Read,
    Write,
}

impl Permission {
    /// In alphabetical order, which is the order of every list the node prints.
    pub(crate) const ALL: [Self; 4] = [Self::Admin, Self::Federate, Self::Read, Self::Write];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.word() == word)
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Federate => "federate",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PermissionSet(u8);

impl PermissionSet {
    pub(crate) fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & 0b1111)
    }

    pub(crate) fn words(self) -> Vec<&'static str> {
        Permission::ALL
            .into_iter()
            .filter(|p| self.contains(*p))
            .map(Permission::word)
            .collect()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, p| bits | 1 << p as u8))
    }
}

/// An authenticated caller, or the anonymous one of a node that runs without authentication.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) entity_uri: String,
    pub(crate) permissions: PermissionSet,
    pub(crate) scopes: ScopeSet,
}

impl Caller {
    /// The caller without a key while `STIGMEM_AUTH_REQUIRED=false`: everything except key management.
    pub(crate) fn anonymous() -> Self {
        Self {
            entity_uri: "anon:trusted".to_owned(),
            permissions: EverybodysRights::now().all(),
            scopes: ScopeSet::ALL,
        }
    }

    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }

    pub(crate) fn may_touch(&self, scope: Scope) -> bool {
        self.scopes.contains(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_do_not_imply_each_other() {
        for held in Permission::ALL {
            let set = PermissionSet::from_iter([held]);
            for asked in Permission::ALL {
                assert_eq!(set.contains(asked), held == asked, "{held:?} {asked:?}");
            }
            assert_eq!(PermissionSet::from_bits(set.bits()), set);
        }
    }

    #[test]
    fn the_anonymous_caller_manages_no_keys() {
        let anonymous = Caller::anonymous();
        assert!(!anonymous.may(Permission::Admin));
        assert_eq!(anonymous.permissions.words(), ["federate", "read", "write"]);
        assert!(anonymous.may_touch(Scope::Local));
    }
}
