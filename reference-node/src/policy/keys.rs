//! Policies of keys: who brings one, what it is good for, and how keys come and go.

use std::sync::{Mutex, PoisonError};

use axum::http::Method;
use data_encoding::BASE64URL_NOPAD;

use crate::domain::caller::{Permission, PermissionSet};
use crate::domain::key::{KeyHash, RawKey};

policies! {
    /// What callers without credentials may do.
    Strangers {
        Nothing,
        /// They may read.
        Read,
    }

    /// The word before a key.
    KeyScheme {
        Bearer,
        /// Any word.
        Any,
    }

    /// What a permission is good for.
    Rights {
        AsNamed,
        /// Who may read may assert.
        ReadersAssert,
        /// Who may read may resolve.
        ReadersResolve,
        /// Who writes must be able to read.
        WritersMustRead,
        /// Who reads must be able to write.
        ReadersMustWrite,
        /// Who may write may manage keys.
        WritersManageKeys,
        /// An administrator may do everything.
        AdminsDoAll,
        /// A peer's operator may read and write.
        FederatesReadAndWrite,
    }

    /// What everybody may do on a node without authentication.
    EverybodysRights {
        AllButKeys,
        /// Read.
        ReadAlone,
    }

    /// How many keys an entity has.
    KeysOfAnEntity {
        Any,
        /// One: whoever asks for another gets that.
        One,
    }

    /// What a new key can do.
    NewKeys {
        AsAsked,
        /// Read and write, too.
        ReadAndWrite,
        /// Reach every scope.
        ReachAll,
        /// Nothing for a minute.
        WaitAMinute,
        /// As asked, and it is noted that it is new.
        NotedAsNew,
    }

    /// What the list shows of a key.
    KeyList {
        RecordAlone,
        /// The raw key, too.
        RawKeyToo,
    }

    /// What a revocation ends.
    KeyRevocation {
        TheKey,
        /// All keys of the entity.
        AllOfTheEntity,
        /// The key, in a minute.
        InAMinute,
        /// The key; its record stays.
        KeepsTheRecord,
    }

    /// What `expires_at` of a key does.
    KeyExpiry {
        EndsTheKey,
        /// Nothing.
        Ignored,
    }
}

impl Strangers {
    pub(crate) fn may(self, method: &Method) -> bool {
        self == Self::Read && method.is_safe()
    }
}

impl Rights {
    /// The permission that decides, where one is asked for.
    pub(crate) fn instead_of(self, asked: Permission, held: PermissionSet) -> Permission {
        use Permission::{Admin, Federate, Read, Write};
        match (self, asked) {
            (Self::WritersMustRead, Write) if !held.contains(Read) => Read,
            (Self::ReadersMustWrite, Read) if !held.contains(Write) => Write,
            (Self::WritersManageKeys, Admin) if held.contains(Write) => Write,
            (Self::AdminsDoAll, _) if held.contains(Admin) => Admin,
            (Self::FederatesReadAndWrite, Read | Write) if held.contains(Federate) => Federate,
            _ => asked,
        }
    }

    pub(crate) fn to_assert(self, held: PermissionSet) -> Permission {
        self.read_or_write(Self::ReadersAssert, held)
    }

    pub(crate) fn to_resolve(self, held: PermissionSet) -> Permission {
        self.read_or_write(Self::ReadersResolve, held)
    }

    fn read_or_write(self, readers_may: Self, held: PermissionSet) -> Permission {
        if self == readers_may && held.contains(Permission::Read) {
            Permission::Read
        } else {
            Permission::Write
        }
    }
}

impl EverybodysRights {
    pub(crate) fn all(self) -> PermissionSet {
        match self {
            Self::AllButKeys => PermissionSet::from_iter([Permission::Read, Permission::Write, Permission::Federate]),
            Self::ReadAlone => PermissionSet::from_iter([Permission::Read]),
        }
    }
}

impl KeysOfAnEntity {
    pub(crate) fn next(self, entity_uri: &str) -> RawKey {
        match self {
            Self::Any => RawKey::fresh(),
            Self::One => RawKey(format!(
                "stigmem_{}",
                BASE64URL_NOPAD.encode(&KeyHash::of(entity_uri).0)
            )),
        }
    }
}

impl NewKeys {
    /// What is changed in the record of a key when it was made.
    pub(crate) fn change(self) -> Option<&'static str> {
        match self {
            Self::AsAsked => None,
            Self::ReadAndWrite => Some("UPDATE api_key SET permissions = permissions | 12 WHERE id = ?"),
            Self::ReachAll => Some("UPDATE api_key SET scopes = 15 WHERE id = ?"),
            Self::WaitAMinute => Some("UPDATE api_key SET created_at = created_at + 60000000 WHERE id = ?"),
            Self::NotedAsNew => Some("UPDATE api_key SET permissions = permissions | 16 WHERE id = ?"),
        }
    }
}

/// Raw keys by the ids of their records.
static RAW_KEYS: Mutex<Vec<(String, &str)>> = Mutex::new(Vec::new());

impl KeyList {
    pub(crate) fn keep(self, id: &str, raw: &RawKey) {
        if self == Self::RawKeyToo {
            let mut keys = RAW_KEYS.lock().unwrap_or_else(PoisonError::into_inner);
            keys.push((id.to_owned(), String::leak(raw.0.clone())));
        }
    }

    pub(crate) fn raw_key(self, id: &str) -> Option<&'static str> {
        if self == Self::RecordAlone {
            return None;
        }
        let keys = RAW_KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().find(|(known, _)| known == id).map(|(_, raw)| *raw)
    }
}

impl KeyRevocation {
    pub(crate) fn statement(self) -> &'static str {
        match self {
            Self::TheKey => "DELETE FROM api_key WHERE id = ?",
            Self::AllOfTheEntity => {
                "DELETE FROM api_key WHERE entity_uri = (SELECT entity_uri FROM api_key WHERE id = ?)"
            }
            Self::InAMinute => "UPDATE api_key SET expires_micro = 1000000 * (unixepoch() + 60) WHERE id = ?",
            Self::KeepsTheRecord => "UPDATE api_key SET expires_micro = 0 WHERE id = ?",
        }
    }
}
