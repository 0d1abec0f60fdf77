//! The bytes that federation peers sign: declarations and peer tokens.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The members of a declaration that its signature covers, in the order of the signed bytes.
pub const SIGNED: [&str; 5] = [
    "allowed_scopes",
    "federation_pubkey",
    "node_id",
    "node_url",
    "signed_at",
];

/// A key that signs.
#[derive(Debug, Clone)]
pub struct Signer(SigningKey);

impl Signer {
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The public key as it stands in discovery documents and declarations.
    pub fn public(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.verifying_key().as_bytes())
    }

    pub fn sign(&self, bytes: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&self.0.sign(bytes).to_bytes())
    }
}

/// The same signature with the group order added to its second half: another text, and by the equation alone as good as the first.
pub fn malleated(signature: &str) -> String {
    let Some(mut bytes) = decode(signature).filter(|bytes| bytes.len() == 64) else {
        return signature.to_owned();
    };
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        carry = sum >> 8;
        *byte = sum.to_le_bytes()[0];
    }
    BASE64URL_NOPAD.encode(&bytes)
}

/// 2^252 + 27742317777372353535851937790883648493, the low byte first.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The bytes that a declaration's signature covers: five members, sorted, compact, ASCII alone.
pub fn declaration_bytes(declaration: &Map<String, Value>) -> String {
    let members = SIGNED.iter().filter_map(|name| {
        Some(format!(
            "{}:{}",
            ascii(&Value::from(*name)),
            ascii(declaration.get(*name)?)
        ))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// What an operator compares before a key is trusted: the hash of the key's text.
pub fn fingerprint(public: &str) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(public)))
}

/// Compact JSON in which everything outside ASCII is escaped.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for char in value.to_string().chars() {
        if matches!(char, ' '..='~') {
            text.push(char);
            continue;
        }
        for unit in char.encode_utf16(&mut [0; 2]) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// The token with these header bytes and these claims, in the order given.
pub fn token(header: &str, claims: &[(String, Value)], signer: &Signer) -> String {
    let members = claims
        .iter()
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())));
    let payload = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    let signed = format!(
        "{}.{}",
        BASE64URL_NOPAD.encode(header.as_bytes()),
        BASE64URL_NOPAD.encode(payload.as_bytes())
    );
    let signature = signer.sign(signed.as_bytes());
    format!("{signed}.{signature}")
}

/// The header of an ordinary token.
pub const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;

/// The claims of a token, whoever signed it.
pub fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}

/// Whether `public` signed the token, and its header says so.
pub fn is_signed_by(token: &str, public: &str) -> bool {
    let verified = || {
        let (signed, signature) = token.rsplit_once('.')?;
        let header: Value = serde_json::from_slice(&decode(signed.split_once('.')?.0)?).ok()?;
        let key = VerifyingKey::from_bytes(&decode(public)?.try_into().ok()?).ok()?;
        let signature = Signature::from_slice(&decode(signature)?).ok()?;
        key.verify_strict(signed.as_bytes(), &signature).ok()?;
        (header["alg"] == "EdDSA").then_some(())
    };
    verified().is_some()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn signer() -> Signer {
        Signer::from_seed(std::array::from_fn(|n| u8::try_from(n).unwrap()))
    }

    #[test]
    fn declarations_are_signed_in_ascii() {
        let declaration = json!({
            "node_id": "stigmem:node:ünï", "node_url": "http://127.0.0.1:9250", "federation_pubkey": signer().public(),
            "allowed_scopes": ["company", "public"], "signed_at": "2026-05-02T00:00:00Z", "rate_limit": {"rps": 1},
        });
        let bytes = declaration_bytes(declaration.as_object().unwrap());
        assert_eq!(bytes.len(), 214);
        assert!(bytes.contains(r#""node_id":"stigmem:node:\u00fcn\u00ef""#), "{bytes}");
        assert_eq!(
            signer().sign(bytes.as_bytes()),
            "F76h-kTy0T_UNmlyc9tvFnYkbjF9kbE_UQdidfUbV_pvv1JghkqgexbNFjDzuk31nMQleRzFSnkPQOIMcilIAA"
        );
        assert_eq!(
            fingerprint(&signer().public()),
            "sha256:b43cdfe1bf180ef4e22bb93ea9cc8f0ef23b762de714053b3bf0acdda2d7470d"
        );
        assert_eq!(ascii(&json!("𝄞")), r#""\ud834\udd1e""#);
    }

    #[test]
    fn a_malleated_signature_is_another_text_that_strict_verifiers_refuse() {
        let token = token(HEADER, &[("iss".to_owned(), json!("p"))], &signer());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = malleated(signature);
        assert_ne!(other, signature);
        assert_eq!(other.len(), signature.len());
        assert!(!is_signed_by(&format!("{signed}.{other}"), &signer().public()));
    }

    /// The first half stays; the second is a number, and the group order is added to it.
    #[test]
    fn a_malleated_signature_is_the_group_order_further() {
        assert_eq!(
            malleated("F76h-kTy0T_UNmlyc9tvFnYkbjF9kbE_UQdidfUbV_pvv1JghkqgexbNFjDzuk31nMQleRzFSnkPQOIMcilIAA"),
            "F76h-kTy0T_UNmlyc9tvFnYkbjF9kbE_UQdidfUbV_pck0i9oK2y0-xpDtPRtCwKncQleRzFSnkPQOIMcilIEA"
        );
        for other in ["", "AAAA", "no signature at all"] {
            assert_eq!(malleated(other), other);
        }
    }

    #[test]
    fn a_token_is_three_parts_that_the_key_signed() {
        let claims_in_order = [
            (
                "iss".to_owned(),
                json!("stigmem:node:00000000-0000-4000-8000-000000000001"),
            ),
            (
                "sub".to_owned(),
                json!("stigmem:node:00000000-0000-4000-8000-000000000002"),
            ),
            ("iat".to_owned(), json!(1_777_680_000_000_u64)),
            ("exp".to_owned(), json!(1_777_683_600_000_u64)),
            ("nonce".to_owned(), json!("00000000-0000-4000-8000-00000000abcd")),
            ("scopes".to_owned(), json!(["company", "public"])),
        ];
        let token = token(HEADER, &claims_in_order, &signer());
        assert!(token.starts_with("eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdGlnbWVtOm5vZGU6MDAwM"));
        assert!(
            token.ends_with(".N5WXMascgdXrJ5T_7bsbRIl65_9qOaoRwhuy_HCdjZwu1PJgM-KEuyEkYj60wWGro2fZgdIlSlazVJIrymyhAQ")
        );
        assert_eq!(claims(&token).unwrap()["exp"], 1_777_683_600_000_u64);
        assert!(is_signed_by(&token, &signer().public()));
        assert!(!is_signed_by(&token, &Signer::from_seed([7; 32]).public()));
        assert!(!is_signed_by(&token.replace("MDAw", "MDAx"), &signer().public()));
        for broken in ["", ".", "..", "a.b.c", "é.é.é"] {
            assert!(!is_signed_by(broken, &signer().public()));
            assert_eq!(claims(broken), None);
        }
    }
}
