//! Vector T1 and every refusal.

use proptest::prelude::*;

use super::*;

const T1: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdGlnbWVtOm5vZGU6MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwic3ViIjoic3RpZ21lbTpub2RlOjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMiIsImlhdCI6MTc3NzY4MDAwMDAwMCwiZXhwIjoxNzc3NjgzNjAwMDAwLCJub25jZSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwYWJjZCIsInNjb3BlcyI6WyJjb21wYW55IiwicHVibGljIl19.N5WXMascgdXrJ5T_7bsbRIl65_9qOaoRwhuy_HCdjZwu1PJgM-KEuyEkYj60wWGro2fZgdIlSlazVJIrymyhAQ";
const ISSUER: &str = "stigmem:node:00000000-0000-4000-8000-000000000001";
const ME: &str = "stigmem:node:00000000-0000-4000-8000-000000000002";
const NOW: i64 = 1_777_680_000_000;

fn key() -> FederationKey {
    FederationKey::from_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap()
}

fn public() -> PeerKey {
    PeerKey::parse(&key().public_text()).unwrap()
}

fn both() -> ScopeSet {
    ScopeSet::from_iter([Scope::Company, Scope::Public])
}

/// A token with a header and a payload of the test's own.
fn sign(header: &str, payload: &str) -> String {
    let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
    let signed = format!("{}.{}", encode(header), encode(payload));
    let signature = key().sign(signed.as_bytes());
    format!("{signed}.{signature}")
}

fn judge(token: &str, now: i64) -> Result<Grant, Refusal> {
    Token::parse(token)?.judge(&public(), ME, now)
}

#[test]
fn vector_t1_holds() {
    let minted = write(&key(), ISSUER, ME, both(), NOW, "00000000-0000-4000-8000-00000000abcd");
    assert_eq!(minted, T1);
    let token = Token::parse(T1).unwrap();
    assert_eq!(token.issuer, ISSUER);
    let grant = token.judge(&public(), ME, NOW).unwrap();
    assert_eq!(grant.nonce, "00000000-0000-4000-8000-00000000abcd");
    assert_eq!((grant.expires_at, grant.scopes), (NOW + 3_600_000, both()));
}

#[test]
fn minted_tokens_never_share_a_nonce() {
    let mint = || judge(&mint(&key(), ISSUER, ME, both(), NOW), NOW).unwrap().nonce;
    assert_ne!(mint(), mint());
}

#[test]
fn times_and_names_are_judged_in_order() {
    assert_eq!(judge(T1, NOW + 3_599_999).map(|_| ()), Ok(()));
    assert_eq!(judge(T1, NOW + 3_600_000), Err(Refusal::Expired));
    assert_eq!(judge(T1, NOW - 30_000).map(|_| ()), Ok(()));
    assert_eq!(judge(T1, NOW - 30_001), Err(Refusal::IssuedInFuture));
    let other = FederationKey::from_seed(&[9; 32]);
    let other = PeerKey::parse(&other.public_text()).unwrap();
    assert_eq!(
        Token::parse(T1).unwrap().judge(&other, ME, NOW),
        Err(Refusal::Signature)
    );
    assert_eq!(
        Token::parse(T1).unwrap().judge(&public(), ISSUER, NOW),
        Err(Refusal::Subject)
    );
    let claims = |rest: &str| sign(HEADER, &format!(r#"{{"iss":"a"{rest}}}"#));
    let (fresh, sub) = (format!(r#","iat":{NOW}"#), format!(r#","sub":"{ME}""#));
    for (rest, refusal) in [
        (fresh.clone(), Refusal::Expired),
        (format!(r#"{fresh},"exp":1777683600"#), Refusal::Expired),
        (format!(r#"{fresh},"exp":{}"#, NOW + 1), Refusal::Subject),
        (
            format!(r#"{fresh}{sub},"exp":{},"nbf":{}"#, NOW + 1, NOW + 30_001),
            Refusal::NotYet,
        ),
        (format!(r#"{fresh}{sub},"exp":{}"#, NOW + 3_600_001), Refusal::Lifetime),
        (format!(r#"{fresh}{sub},"exp":1e300"#), Refusal::Lifetime),
        (format!(r#"{fresh}{sub},"exp":{}"#, NOW + 1), Refusal::NoNonce),
        (
            format!(r#"{fresh}{sub},"exp":{},"nonce":"""#, NOW + 1),
            Refusal::NoNonce,
        ),
        (format!(r#"{fresh}{sub},"exp":"1777683600000""#), Refusal::Invalid),
        (format!(r#"{fresh},"sub":5"#), Refusal::Invalid),
        (format!(r#"{sub},"exp":{}"#, NOW + 1), Refusal::Invalid),
        (format!(r#"{fresh}{sub},"scopes":"public""#), Refusal::Invalid),
        (format!(r#"{fresh}{sub},"scopes":[1]"#), Refusal::Invalid),
    ] {
        assert_eq!(judge(&claims(&rest), NOW).map(|_| ()), Err(refusal), "{rest}");
    }
}

#[test]
fn what_is_no_token_is_malformed() {
    let swapped = T1.replacen('.', "..", 1);
    let padded = format!("{T1}=");
    let doubled = sign(HEADER, r#"{"iss":"a","iss":"b","iat":0}"#);
    for text in [
        "",
        "stigmem_abc",
        "a.b",
        "a.b.c",
        "...",
        &format!(" {T1}"),
        &format!("{T1}.x"),
        &swapped,
        &padded,
        &doubled,
        &sign("[]", "{}"),
        &sign(HEADER, "5"),
        &"a".repeat(20_000),
    ] {
        assert_eq!(Token::parse(text), Err(Refusal::Malformed), "{text}");
    }
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"eddsa"}"#,
        "{}",
        r#"{"alg":"EdDSA","crit":["x"]}"#,
    ] {
        let text = sign(header, r#"{"iss":"a","iat":0}"#);
        assert_eq!(Token::parse(&text), Err(Refusal::Invalid), "{header}");
    }
}

#[test]
fn unknown_scope_words_grant_nothing() {
    let payload = format!(
        r#"{{"iss":"a","sub":"{ME}","iat":{NOW},"exp":{},"nonce":"n","scopes":["public","galaxy"]}}"#,
        NOW + 1
    );
    let grant = judge(&sign(HEADER, &payload), NOW).unwrap();
    assert_eq!(grant.scopes, ScopeSet::only(Scope::Public));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-zA-Z0-9._=-]{0,60}", payload in r#"\{("(iss|sub|iat|exp|nbf|nonce|scopes)":(-?[0-9]{1,25}(e[0-9]{1,3})?|"[a-z]*"|\[\]|null),?){0,6}\}"#) {
        let _ = Token::parse(&text);
        let _ = judge(&sign(HEADER, &payload), NOW);
    }
}
