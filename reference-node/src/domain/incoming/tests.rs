//! Which facts of a peer are taken, and in what form.

use proptest::prelude::*;

use super::*;

const FACT: &str = r#"{"id":"7d9f2c8e-3f0b-4a55-9d4e-2f1f0a6b7c01","entity":"stigmem://acme/user/alice","relation":"memory:role","value":{"type":"string","v":"CEO"},"source":"agent:x","timestamp":"2026-05-02T00:00:00.000000+00:00","hlc":"1746230400000.3","valid_until":null,"confidence":1.0,"scope":"public","cid":"sha256:82384f0349f9ab3dad06cefb41243831e2386c51a86540c03bad86a45a07736d"}"#;

fn judge(text: &str) -> Result<Incoming, &'static str> {
    Offer::read(text.as_bytes(), 1_000).judged
}

fn with(from: &str, to: &str) -> Result<Incoming, &'static str> {
    assert!(FACT.contains(from), "{from}");
    judge(&FACT.replacen(from, to, 1))
}

#[test]
fn a_fact_keeps_what_its_origin_wrote() {
    let fact = judge(FACT).unwrap();
    let (stamp, text) = fact.hlc.unwrap();
    assert_eq!(
        (stamp.wall, stamp.counter, text.as_str()),
        (1_746_230_400_000, 3, "1746230400000.3")
    );
    assert_eq!(fact.timestamp_text.as_deref(), Some("2026-05-02T00:00:00.000000+00:00"));
    let odd = with("\"agent:x\"", "\" Agent:X \"").map(|_| ());
    assert_eq!(odd, Err("cid_mismatch"), "the source as received is what the id covers");
    let odd = with("memory:role\"", "role\",\"cid2\":1").map(|_| ());
    assert_eq!(odd, Err("cid_mismatch"));
}

#[test]
fn structure_is_checked_one_member_at_a_time() {
    let no_cid = FACT.replace(
        r#","cid":"sha256:82384f0349f9ab3dad06cefb41243831e2386c51a86540c03bad86a45a07736d""#,
        "",
    );
    for (from, to, expected) in [
        ("agent:x", " Agent:X ", None),
        ("stigmem://acme/user/alice", "stigmem://", None),
        ("\"string\",\"v\":\"CEO\"", "\"datetime\",\"v\":\"soon\"", None),
        ("\"string\",\"v\":\"CEO\"", "\"ref\",\"v\":\"a b\"", None),
        ("\"string\",\"v\":\"CEO\"", "\"null\"", None),
        ("\"1746230400000.3\"", "null", None),
        ("2026-05-02T00:00:00.000000+00:00", "2026-05-02 00:00:00", None),
        ("2026-05-02T00:00:00.000000+00:00", "2026-05-02", None),
        ("\"valid_until\":null", "\"valid_until\":\"2026-05-02T00:00:00\"", None),
        ("7d9f2c8e", "7D9F2C8E", Some("malformed_fact")),
        ("\"id\"", "\"ident\"", Some("malformed_fact")),
        ("\"agent:x\"", "5", Some("malformed_fact")),
        ("\"agent:x\"", "\"\"", Some("malformed_fact")),
        ("\"memory:role\"", "\"stigmem:ttl\"", Some("reserved_name")),
        ("stigmem://acme/user/alice", "stigmem:conflict:x", Some("reserved_name")),
        (
            "\"string\",\"v\":\"CEO\"",
            "\"json\",\"v\":\"CEO\"",
            Some("malformed_fact"),
        ),
        ("\"string\",\"v\":\"CEO\"", "\"string\",\"v\":5", Some("malformed_fact")),
        (
            "\"string\",\"v\":\"CEO\"",
            "\"number\",\"v\":\"5\"",
            Some("malformed_fact"),
        ),
        (
            "\"string\",\"v\":\"CEO\"",
            "\"number\",\"v\":1e999",
            Some("malformed_fact"),
        ),
        ("\"string\",\"v\":\"CEO\"", "\"null\",\"v\":0", Some("malformed_fact")),
        ("\"confidence\":1.0", "\"confidence\":1.1", Some("malformed_fact")),
        ("\"confidence\":1.0", "\"confidence\":\"1\"", Some("malformed_fact")),
        ("\"confidence\":1.0,", "", Some("malformed_fact")),
        ("\"public\"", "\"galaxy\"", Some("malformed_fact")),
        ("\"1746230400000.3\"", "\"now\"", Some("malformed_fact")),
        ("\"1746230400000.3\"", "5", Some("malformed_fact")),
        ("\"1746230400000.3\"", "\"99999999999999.0\"", Some("hlc_skew")),
        ("2026-05-02T00:00:00.000000+00:00", "soon", Some("malformed_fact")),
        (
            "\"valid_until\":null",
            "\"valid_until\":\"soon\"",
            Some("malformed_fact"),
        ),
        ("}", "", Some("malformed_fact")),
    ] {
        assert!(no_cid.contains(from), "{from}");
        let judged = judge(&no_cid.replacen(from, to, 1));
        assert_eq!(judged.err(), expected, "{from} {to}");
    }
    let long = no_cid.replace("CEO", &"x".repeat(1_001));
    assert_eq!(judge(&long).err(), Some("value_too_large"));
}

#[test]
fn a_time_without_offset_is_read_as_utc() {
    let no_cid = FACT.replace(",\"cid\":", ",\"other\":");
    let fact = judge(&no_cid.replacen("2026-05-02T00:00:00.000000+00:00", "2026-05-02T00:00:01", 1)).unwrap();
    assert_eq!(
        (fact.draft.timestamp, fact.timestamp_text),
        (Some(1_777_680_001_000_000), None)
    );
    let fact = judge(&no_cid.replacen("\"valid_until\":null", "\"valid_until\":\"2026-05-02T00:00:01\"", 1)).unwrap();
    assert_eq!(fact.draft.valid_until.as_deref(), Some("2026-05-02T00:00:01+00:00"));
}

#[test]
fn the_literal_kind_of_a_number_is_the_one_that_its_id_covers() {
    let integer = "sha256:de4f405a3287d441131bab8894371b4c6efd9b75711710c03ae31bf4119927e8";
    let float = "sha256:4016548bf580105515a5b1b30354ef5151ae26efc074ba0fdd5362ccc6e7b676";
    let judge = |literal: &str, cid: &str| {
        let text = FACT
            .replace("memory:role", "test:n")
            .replace("\"string\",\"v\":\"CEO\"", &format!("\"number\",\"v\":{literal}"))
            .replace(
                "sha256:82384f0349f9ab3dad06cefb41243831e2386c51a86540c03bad86a45a07736d",
                cid,
            );
        judge(&text).map(|fact| fact.draft.value.text)
    };
    for literal in ["42", "42.0", "4.2e1"] {
        assert_eq!(judge(literal, integer).as_deref(), Ok("42"), "{literal}");
        assert_eq!(judge(literal, float).as_deref(), Ok("42.0"), "{literal}");
    }
    assert_eq!(judge("43", integer), Err("cid_mismatch"));
    assert_eq!(judge("42", "sha256:12"), Err("cid_mismatch"));
    // Above 2^53 nothing is judged.
    assert_eq!(
        judge("1.2345678901234568e+19", integer).as_deref(),
        Ok("1.2345678901234567e+19")
    );
}

#[test]
fn an_unreadable_fact_still_has_a_place_in_the_audit() {
    let offer = Offer::read(br#"{"id":"no uuid","source":"agent:x"}"#, 10);
    assert_eq!((offer.id, offer.id_text.as_deref()), (None, Some("no uuid")));
    assert_eq!(offer.source.as_deref(), Some("agent:x"));
    assert!(Offer::read(b"{\"id\":", 10).id_text.is_none());
}

proptest! {
    #[test]
    fn no_fact_panics(member in "[a-z_]{2,11}", value in r#"[\[\]{}",:0-9a-zA-Z.+\-]{0,24}"#, at in 0..400_usize) {
        let _ = Offer::read(FACT.replace("memory:role", &value).as_bytes(), 100);
        let replaced = format!("{{\"{member}\":{value},{}", &FACT[1..]);
        let _ = Offer::read(replaced.as_bytes(), 100);
        let _ = Offer::read(&FACT.as_bytes()[..at.min(FACT.len())], 100);
        let _ = moment(&value);
    }
}
