//! The worked vectors, and what is refused.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::json;

const D1: &str = r#"{"allowed_scopes":["company","public"],"federation_pubkey":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg","node_id":"stigmem:node:00000000-0000-4000-8000-000000000001","node_url":"http://127.0.0.1:9250","signed_at":"2026-05-02T00:00:00Z","declaration_sig":"DjZ_1ZcCNEfiyWGJa8wOadXjJhN-Fz3OzxM4dP2ao0KS5K2xmdpe-FedjbZ_AxiXxzi6fajq5fbmROsWAYDiDA"}"#;
const D2_SIGNATURE: &str = "F76h-kTy0T_UNmlyc9tvFnYkbjF9kbE_UQdidfUbV_pvv1JghkqgexbNFjDzuk31nMQleRzFSnkPQOIMcilIAA";
const SIGNED_AT: i64 = 1_777_680_000_000_000;

fn seed() -> FederationKey {
    FederationKey::from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
}

fn read(body: &str) -> Result<Declaration, Vec<Issue>> {
    Declaration::from_json(&json::read(body.as_bytes()).unwrap())
}

fn published(declaration: &Declaration) -> Published {
    Published {
        node_id: declaration.node_id.clone(),
        node_url: declaration.node_url.clone(),
        federation_pubkey: declaration.federation_pubkey.clone(),
    }
}

fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

#[test]
fn vector_d1_holds() {
    let declaration = read(D1).unwrap();
    let text = declaration.signed_text();
    assert_eq!(text.len(), 237);
    assert_eq!(
        digest(&text),
        "7bab7f6e02d51fb2b9fbd2b8eb406b30f5451f1e1f9bb5ade9735d752521b0de"
    );
    assert!(declaration.signature_holds());
    let signed = Declaration::sign(
        &seed(),
        &declaration.node_id,
        &declaration.node_url,
        &declaration.allowed_scopes,
        &declaration.signed_at,
    );
    assert_eq!(signed.declaration_sig, declaration.declaration_sig);
    assert_eq!(declaration.judge(&published(&declaration), SIGNED_AT), Ok(()));
}

#[test]
fn vector_d2_holds() {
    let scopes = [Scope::Company, Scope::Public];
    let declaration = Declaration::sign(
        &seed(),
        "stigmem:node:ünï",
        "http://127.0.0.1:9250",
        &scopes,
        "2026-05-02T00:00:00Z",
    );
    let text = declaration.signed_text();
    assert_eq!(text.len(), 214);
    assert_eq!(
        digest(&text),
        "54de77c9467ea764130d9a9fe3ed727704018aa97295ed678ae8793c8388c2a8"
    );
    assert_eq!(declaration.declaration_sig, D2_SIGNATURE);
}

#[test]
fn strings_are_escaped_to_printable_ascii() {
    let mut text = String::new();
    push_ascii(&mut text, "a\"\\\n\u{1}\u{7f}é𝄞");
    assert_eq!(text, r#""a\"\\\n\u0001\u007f\u00e9\ud834\udd1e""#);
}

#[test]
fn what_does_not_agree_is_named() {
    let declaration = read(D1).unwrap();
    let day = 86_400_000_000;
    let shown = published(&declaration);
    for (at, expected) in [
        (SIGNED_AT + day, Ok(())),
        (SIGNED_AT - day, Ok(())),
        (SIGNED_AT + day + 1, Err("signed_at_out_of_range")),
        (SIGNED_AT - day - 1, Err("signed_at_out_of_range")),
    ] {
        assert_eq!(declaration.judge(&shown, at), expected, "{at}");
    }
    let judge = |change: &dyn Fn(&mut Declaration, &mut Published)| {
        let (mut declaration, mut shown) = (declaration.clone(), shown.clone());
        change(&mut declaration, &mut shown);
        declaration.judge(&shown, SIGNED_AT)
    };
    assert_eq!(
        judge(&|_, shown| shown.node_url = "http://127.0.0.1:9250/".into()),
        Ok(())
    );
    assert_eq!(
        judge(&|_, shown| shown.node_url = "http://127.0.0.1:9251".into()),
        Err("node_url_differs")
    );
    assert_eq!(judge(&|_, shown| shown.node_id.push('x')), Err("node_id_differs"));
    assert_eq!(
        judge(&|_, shown| shown.federation_pubkey.push('x')),
        Err("federation_pubkey_differs")
    );
    assert_eq!(
        judge(&|declaration, _| declaration.allowed_scopes.reverse()),
        Err("invalid_signature")
    );
    assert_eq!(
        judge(&|declaration, _| declaration.node_id.push('x')),
        Err("invalid_signature")
    );
}

#[test]
fn bad_members_are_refused_by_name() {
    for (from, to, member, kind) in [
        ("\"company\"", "\"galaxy\"", "allowed_scopes", "literal_error"),
        ("[\"company\",\"public\"]", "\"public\"", "allowed_scopes", "list_type"),
        ("\"node_id\"", "\"node\"", "node_id", "missing"),
        ("A6EHv", "A6EH!", "federation_pubkey", "key_format"),
        ("YDiDA", "YDiDA==", "declaration_sig", "signature_format"),
        ("http://127", "ftp://127", "node_url", "url_parsing"),
        ("2026-05-02T00:00:00Z", "today", "signed_at", "datetime_parsing"),
        ("2026-05-02T00:00:00Z", "", "signed_at", "string_length"),
    ] {
        let issues = read(&D1.replace(from, to)).unwrap_err();
        let found: Vec<_> = issues.iter().map(|issue| (issue.loc.clone(), issue.kind)).collect();
        assert_eq!(found, [(vec![member], kind)], "{from} {to}");
    }
    assert!(read("[]").is_err());
}

#[test]
fn a_rate_limit_is_read_and_checked() {
    let limit = |text: &str| read(&D1.replacen('{', &format!("{{\"rate_limit\":{text},"), 1)).map(|d| d.rate_limit);
    let of = |per_second, burst| Some(RateLimit { per_second, burst });
    assert_eq!(limit("null").unwrap(), None);
    assert_eq!(limit(r#"{"facts_per_second":2,"burst":5}"#).unwrap(), of(2.0, 5.0));
    assert_eq!(limit(r#"{"facts_per_second":0.5}"#).unwrap(), of(0.5, 1.0));
    assert_eq!(limit(r#"{"requests_per_minute":120}"#).unwrap(), of(2.0, 2.0));
    for text in [
        "5",
        r#"{"facts_per_second":0}"#,
        r#"{"burst":"many"}"#,
        r#"{"burst":-1}"#,
    ] {
        assert!(limit(text).is_err(), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_reads_back_and_holds(node_id in ".{1,12}", bits in 0..16_u8, other in ".{1,12}") {
        let scopes: Vec<Scope> = ScopeSet::from_bits(bits).iter().collect();
        let signed = Declaration::sign(&seed(), &node_id, "http://127.0.0.1:9250", &scopes, "2026-05-02T00:00:00Z");
        let body = |node_id: &str| serde_json::json!({
            "node_id": node_id, "node_url": signed.node_url, "federation_pubkey": signed.federation_pubkey, "signed_at": signed.signed_at,
            "allowed_scopes": scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>(), "declaration_sig": signed.declaration_sig,
        });
        let declaration = read(&body(&node_id).to_string()).unwrap();
        prop_assert_eq!(declaration.signed_text(), signed.signed_text());
        prop_assert!(declaration.signature_holds());
        let forged = read(&body(&other).to_string()).unwrap();
        prop_assert_eq!(forged.signature_holds(), other == node_id);
    }

    #[test]
    fn the_signed_text_is_printable_json(texts in prop::collection::vec(any::<String>(), 4)) {
        let mut declaration = read(D1).unwrap();
        (declaration.node_id, declaration.node_url) = (texts[0].clone(), texts[1].clone());
        (declaration.federation_pubkey, declaration.signed_at) = (texts[2].clone(), texts[3].clone());
        let text = declaration.signed_text();
        prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", text);
        let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
        let members = ["node_id", "node_url", "federation_pubkey", "signed_at"];
        prop_assert_eq!(members.map(|name| parsed[name].as_str().unwrap().to_owned()).to_vec(), texts);
    }

    #[test]
    fn no_body_panics(member in "[a-z_]{2,17}", value in r#"-?[0-9]{1,5}(e-?[0-9]{1,3})?|"[^"\\]{0,12}"|\[("company",?){0,20}\]|\{"(burst|facts_per_second)":[0-9.e-]{1,6}\}"#) {
        let names = ["rate_limit", "allowed_scopes", "node_url", "signed_at", "federation_pubkey", member.as_str()];
        for name in names {
            let body = D1.replacen('{', &format!("{{\"{name}\":{value},"), 1).replace(&format!(",\"{name}\":"), ",\"x\":");
            if let Ok(json) = json::read(body.as_bytes()) {
                let _ = Declaration::from_json(&json).map(|declaration| declaration.judge(&published(&declaration), SIGNED_AT));
                let _ = Published::from_json(&json);
            }
        }
    }
}
