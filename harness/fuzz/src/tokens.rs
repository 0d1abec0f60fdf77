//! Peer tokens and declarations: what the node takes, the harness reads alike, and a signature holds for both or for neither.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use stigmem_conformance::protocol::peering::{self, HEADER, Signer};
use stigmem_node::fuzzing as node;

pub fn check(data: &[u8]) {
    let signer = Signer::from_seed([7; 32]);
    if let Ok(text) = std::str::from_utf8(data) {
        token(text, &signer.public());
        // The text as claims that are signed, behind a header of its own or the ordinary one.
        let (header, claims) = text.split_once('\n').unwrap_or((HEADER, text));
        let signed = [header, claims]
            .map(|part| BASE64URL_NOPAD.encode(part.as_bytes()))
            .join(".");
        let signature = signer.sign(signed.as_bytes());
        token(&format!("{signed}.{signature}"), &signer.public());
        token(
            &format!("{signed}.{}", peering::malleated(&signature)),
            &signer.public(),
        );
        token(&format!("{signed}A.{signature}"), &signer.public());
    }
    if let Ok(members) = serde_json::from_slice::<Map<String, Value>>(data) {
        declaration(data, &members);
        signed_declaration(members, &signer);
    }
}

fn token(text: &str, public: &str) {
    if let Some(issuer) = node::issuer(text) {
        let claims = peering::claims(text).expect("what the node takes has claims");
        assert_eq!(claims["iss"], issuer.as_str(), "{text}");
    }
    for now in [0, 1_777_680_000_000] {
        if let Some(holds) = node::is_signed_by(text, public, now) {
            assert_eq!(peering::is_signed_by(text, public), holds, "{text}");
        }
    }
}

fn declaration(body: &[u8], members: &Map<String, Value>) {
    if let Some((bytes, _)) = node::declaration(body) {
        assert_eq!(peering::declaration_bytes(members), bytes);
    }
}

/// The same members under a key of ours: the node must take the signature for what it is.
fn signed_declaration(mut members: Map<String, Value>, signer: &Signer) {
    members.insert("federation_pubkey".to_owned(), signer.public().into());
    let signature = signer.sign(peering::declaration_bytes(&members).as_bytes());
    for (signature, genuine) in [(peering::malleated(&signature), false), (signature, true)] {
        members.insert("declaration_sig".to_owned(), signature.into());
        if let Some((_, holds)) = node::declaration(Value::from(members.clone()).to_string().as_bytes()) {
            assert_eq!(holds, genuine, "{members:?}");
        }
    }
}
