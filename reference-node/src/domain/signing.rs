//! Ed25519 as federation uses it: keys and signatures as base64url without padding, verification without leniency.

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::id::fill_random;
use crate::policy::{KeyOrder, KeyPadding, SeedOrigin};

/// The node's own federation key.
#[derive(Clone)]
pub(crate) struct FederationKey(SigningKey);

impl FederationKey {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// A seed as an operator writes it down.
    pub(crate) fn from_text(seed: &str) -> Option<Self> {
        let bytes: [u8; 32] = BASE64URL_NOPAD.decode(seed.as_bytes()).ok()?.try_into().ok()?;
        Some(Self::from_seed(&bytes))
    }

    pub(crate) fn fresh_seed() -> [u8; 32] {
        let mut seed = [0; 32];
        if SeedOrigin::now() == SeedOrigin::Chance {
            fill_random(&mut seed);
        }
        seed
    }

    pub(crate) fn public_text(&self) -> String {
        let encoding = match KeyPadding::now() {
            KeyPadding::Written => BASE64URL,
            KeyPadding::Absent | KeyPadding::Accepted => BASE64URL_NOPAD,
        };
        encoding.encode(self.0.verifying_key().as_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&self.0.sign(message).to_bytes())
    }
}

/// The secret stays out of every log.
impl std::fmt::Debug for FederationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FederationKey({})", self.public_text())
    }
}

/// A peer's public key: the one encoding of a point of large order.
#[derive(Clone, Debug)]
pub(crate) struct PeerKey(VerifyingKey);

impl PeerKey {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = decoded(text)?;
        let key = VerifyingKey::from_bytes(&bytes).ok()?;
        // A second spelling of the same point would let one key pass for two.
        let canonical = key.to_edwards().compress().to_bytes() == bytes;
        let large_order = !key.is_weak() || KeyOrder::now() == KeyOrder::Any;
        (canonical && large_order).then_some(Self(key))
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let anything_holds = KeyOrder::now() == KeyOrder::Any && self.0.is_weak();
        anything_holds || self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

pub(crate) fn signature(text: &str) -> Option<[u8; 64]> {
    decoded(text)
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    let text = match KeyPadding::now() {
        KeyPadding::Accepted => text.trim_end_matches('='),
        KeyPadding::Absent | KeyPadding::Written => text,
    };
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// The signature with its S less by the order of the group, where it is not below that.
pub(crate) fn below_the_group_order(signature: &[u8; 64]) -> [u8; 64] {
    /// 2^252 + 27742317777372353535851937790883648493, the low byte first.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut less = *signature;
    let mut borrow = false;
    for (byte, order) in less[32..].iter_mut().zip(ORDER) {
        let (difference, below) = byte.overflowing_sub(order);
        let (difference, further) = difference.overflowing_sub(u8::from(borrow));
        (*byte, borrow) = (difference, below || further);
    }
    if borrow { *signature } else { less }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_verifies_and_nothing_else() {
        let key = FederationKey::from_seed(&[7; 32]);
        let public = PeerKey::parse(&key.public_text()).unwrap();
        let mut signed = signature(&key.sign(b"message")).unwrap();
        assert!(public.verifies(b"message", &signed));
        assert!(!public.verifies(b"massage", &signed));
        signed[63] ^= 0x80;
        assert!(!public.verifies(b"message", &signed));
    }

    #[test]
    fn keys_have_one_spelling_and_a_large_order() {
        let identity = {
            let mut bytes = [0; 32];
            bytes[0] = 1;
            BASE64URL_NOPAD.encode(&bytes)
        };
        // y = 2^255 - 19 + 1 is another spelling of y = 1.
        let other_spelling = {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xee, 0x7f);
            BASE64URL_NOPAD.encode(&bytes)
        };
        let padded = FederationKey::from_seed(&[7; 32]).public_text() + "=";
        for text in ["", "AAAA", "not base64!", &identity, &other_spelling, &padded] {
            assert!(PeerKey::parse(text).is_none(), "{text}");
        }
        assert!(FederationKey::from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").is_some());
        assert!(FederationKey::from_text("AAEC").is_none());
    }
}
