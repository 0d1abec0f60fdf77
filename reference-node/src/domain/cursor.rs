//! Paging cursors: a position in a list, authenticated, so that a cursor which this node did not issue is recognised.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Facts = 1,
    Conflicts = 2,
    Shared = 3,
    FederationEvents = 4,
}

/// The last row of a page: its clock pair, then its row number to break ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) wall: i64,
    pub(crate) counter: i64,
    pub(crate) seq: i64,
}

const BODY: usize = 25;
const TAG: usize = 16;

/// Makes and checks cursors with the node's own secret, which outlives restarts.
#[derive(Clone)]
pub(crate) struct CursorKey(pub(crate) [u8; 32]);

impl CursorKey {
    pub(crate) fn issue(&self, list: List, position: Position) -> String {
        let mut bytes = vec![list as u8];
        for number in [position.wall, position.counter, position.seq] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        let tag = self.tag(&bytes);
        bytes.extend_from_slice(&tag);
        BASE64URL_NOPAD.encode(&bytes)
    }

    pub(crate) fn open(&self, list: List, cursor: &str) -> Option<Position> {
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (body, tag) = bytes.split_at_checked(BODY)?;
        let genuine: bool = self.tag(body).ct_eq(tag).into();
        if !genuine || body[0] != list as u8 {
            return None;
        }
        let number = |at: usize| body[at..at + 8].try_into().ok().map(i64::from_be_bytes);
        Some(Position {
            wall: number(1)?,
            counter: number(9)?,
            seq: number(17)?,
        })
    }

    /// A keyed hash. Secret and body have fixed lengths, so nobody can extend a hashed message.
    fn tag(&self, body: &[u8]) -> [u8; TAG] {
        let digest: [u8; 32] = Sha256::new().chain_update(self.0).chain_update(body).finalize().into();
        digest[..TAG].try_into().expect("the tag is a part of the digest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: CursorKey = CursorKey([7; 32]);
    const POSITION: Position = Position {
        wall: 1_746_230_400_000,
        counter: 3,
        seq: 42,
    };

    #[test]
    fn an_issued_cursor_opens() {
        let cursor = KEY.issue(List::Facts, POSITION);
        assert_eq!(KEY.open(List::Facts, &cursor), Some(POSITION));
    }

    #[test]
    fn anything_else_does_not() {
        let cursor = KEY.issue(List::Facts, POSITION);
        assert_eq!(KEY.open(List::Conflicts, &cursor), None);
        assert_eq!(CursorKey([8; 32]).open(List::Facts, &cursor), None);
        for at in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                KEY.open(List::Facts, std::str::from_utf8(&forged).unwrap()),
                None,
                "byte {at}"
            );
        }
        for text in ["", "0", "AAAA", "not base64!", &cursor[1..], &format!("{cursor}A")] {
            assert_eq!(KEY.open(List::Facts, text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_position_comes_back(key: [u8; 32], wall: i64, counter: i64, seq: i64) {
            let (key, position) = (CursorKey(key), Position { wall, counter, seq });
            prop_assert_eq!(key.open(List::Shared, &key.issue(List::Shared, position)), Some(position));
        }

        #[test]
        fn no_text_opens(text: String, encoded in "[A-Za-z0-9_-]{53,56}") {
            prop_assert_eq!(KEY.open(List::Facts, &text), None);
            prop_assert_eq!(KEY.open(List::Facts, &encoded), None);
        }
    }
}
