//! The worked content ids of the wire rules (1.8.7), sent through the same reading code as a request.

use proptest::prelude::*;

use crate::domain::fact::Draft;
use crate::domain::json;

/// Name, the members that differ from the common request, and the content id.
const VECTORS: [(&str, &str, &str); 24] = [
    (
        "E1",
        r#""relation":"memory:role""#,
        "8fe28bd8831796d14adb9815bec4d16068ee59fc21abf5e6e5d5674eaf36e881",
    ),
    (
        "E2",
        r#""relation":"memory:role","confidence":1,"scope":"company""#,
        "b9f6887b5ca6773e507492ae599f1d9fe303498a4640ede2323a8c0c0b13088f",
    ),
    (
        "E3",
        r#""entity":"stigmem://Example.COM/User/Bob  Smith","relation":"Memory:Role","scope":"public","confidence":0.95"#,
        "cf7667456bb79f6f575b4f44e0ef148841e158d63aea08078bef9eaaf88adb90",
    ),
    (
        "E4",
        r#""relation":"t:num","value":{"type":"number","v":5}"#,
        "0daaa9632e3f6f326119e0f65aabcdba79a3c83a1517db05d9a2a7e34d618e1d",
    ),
    (
        "E5",
        r#""relation":"t:num","value":{"type":"number","v":5.0}"#,
        "35e728e60debcfceae70b9101185b205782fa98d1170560ccbedbc7d1751f5f1",
    ),
    (
        "E6",
        r#""relation":"t:num","value":{"type":"number","v":1e21}"#,
        "64a3da274a0815dba6413681a46129093045979b16e5c4fff4fa3a1f65b3fc3c",
    ),
    (
        "E7",
        r#""relation":"t:num","value":{"type":"number","v":1E-7}"#,
        "44c9150aeb28d3722fb691e97efebde40703cafa7ae6d35d1626febb219354b6",
    ),
    (
        "E8",
        r#""relation":"t:num","value":{"type":"number","v":12345678901234567890}"#,
        "bc362acf253a14fe826598e3594b1ca60951c027909814a4f33afbb6a8033c1c",
    ),
    (
        "E8c",
        r#""relation":"t:num","value":{"type":"number","v":1000000000000000.0}"#,
        "198d4c6758fdf95f6c992c7c376b3a12900428de4367f9a0626965307f4d81a1",
    ),
    (
        "E8d",
        r#""relation":"t:num","value":{"type":"number","v":-0}"#,
        "35de4d197bd43abd3e32e9d45c005c0362bfa2140ecffe683cab3949f7c19bed",
    ),
    (
        "E8e",
        r#""relation":"t:num","value":{"type":"number","v":-0.0}"#,
        "4fe0968407b5f178cff483aa82e7c41c2737303d47700463c084cfd30dbce77f",
    ),
    (
        "E8f",
        r#""relation":"t:num","value":{"type":"number","v":0.1}"#,
        "efd5382d15988c6a0da2c6f4cbd97c41428ce4da6f508aa750d622cbf088c147",
    ),
    (
        "E9",
        r#""relation":"t:b","value":{"type":"boolean","v":true}"#,
        "c0cc105995e3f52cdfd5e1e849538d1eb4464a5574615cedd3674e07f5424796",
    ),
    (
        "E10",
        r#""relation":"t:null","value":{"type":"null"}"#,
        "7388bcc8e1e02d7e3340330acbb535e07fd06fe7f2103d4819ea5035afa87251",
    ),
    (
        "E11",
        r#""relation":"t:txt","value":{"type":"text","v":"line1\nline2\t\"q\" \\ / \u0007 \u007f \u2028 é ☃ 𝄞"}"#,
        "1da46d0d4372e2040561ecef19dccdad568d2bca152c06b2c0876617c745d7ab",
    ),
    (
        "E12",
        r#""relation":"t:ref","value":{"type":"ref","v":"stigmem://Example.com/User/BOB"}"#,
        "6900d699edb23032df5fab26f5935bec640762b147c931238b27ec057261f624",
    ),
    (
        "E13",
        r#""relation":"t:dt","value":{"type":"datetime","v":"2026-01-02T03:04:05Z"},"valid_until":"2030-01-01T00:00:00Z""#,
        "de30ed5027f07cae06c98a7d1cd83a83353a702d0522fbb006ddfbc31eb095e2",
    ),
    (
        "E14",
        r#""relation":"t:conf","confidence":0.0000001"#,
        "97d9e94206a4711663ef835686afe2becf5350f06a226858b20bde94c69f2f05",
    ),
    (
        "E15",
        r#""relation":"t:conf2","confidence":0.1"#,
        "062479f53978d580a8b90ba9ed57e5f8f87d678e4bb35350e1cf7c12f66f71f8",
    ),
    (
        "E16",
        r#""relation":"t:conf3","confidence":0"#,
        "618f3092b2bdf06e7425f8947be508f069bcd0807a6ed7a6dc513ec1276d3358",
    ),
    (
        "E17",
        r#""relation":"t:conf4","confidence":-0.0"#,
        "025edb8beaac5caa43e8b48554f56d58030f21bcab5197dd6e62c5fe0daa42c9",
    ),
    (
        "E18",
        r#""relation":"t:empty","value":{"type":"string","v":""}"#,
        "c29397da9e0816ce2758295e639096f312abdddaa683cd1100576508342fa7ab",
    ),
    (
        "E19",
        r#""relation":"t:listv","value":{"type":"string","v":"[1, 2.0, 'a', None, True]"}"#,
        "935dfd0cb7b5472dc99c2b67f986c9fe2027163329230f2334d8a6ad26b9b5a7",
    ),
    (
        "E20",
        r#""entity":"user:alice","source":"agent:a","relation":"memory:role""#,
        "a719935a2f4018a6dbb0e704a856058a6de2d4749a94983211162f5dc168111b",
    ),
];

#[test]
fn every_worked_content_id_holds() {
    for (name, members, digits) in VECTORS {
        let mut request = format!("{{{members}");
        for (member, default) in [
            ("entity", r#""stigmem://example.com/user/alice""#),
            ("source", r#""stigmem://example.com/agent/a""#),
            ("value", r#"{"type":"string","v":"CEO"}"#),
        ] {
            if !members.contains(&format!("\"{member}\":")) {
                request = format!("{request},\"{member}\":{default}");
            }
        }
        request.push('}');
        let draft = Draft::from_json(&json::read(request.as_bytes()).unwrap(), 65_536).unwrap();
        assert_eq!(draft.cid().text(), format!("sha256:{digits}"), "{name}: {request}");
    }
}

#[test]
fn only_the_printed_form_is_a_content_id() {
    let text = format!("sha256:{}", VECTORS[0].2);
    assert_eq!(super::Cid::parse(&text).unwrap().text(), text);
    for broken in [
        "sha256:",
        "sha256:8f",
        &text.to_uppercase(),
        &text[1..],
        &format!("{text}0"),
    ] {
        assert_eq!(super::Cid::parse(broken), None, "{broken}");
    }
}

proptest! {
    #[test]
    fn a_content_id_has_one_text(digest: [u8; 32], text: String, near in "sha256:[0-9a-fA-F]{63,65}") {
        prop_assert_eq!(super::Cid::parse(&super::Cid(digest).text()), Some(super::Cid(digest)));
        for text in [text, near] {
            prop_assert!(super::Cid::parse(&text).is_none_or(|cid| cid.text() == text));
        }
    }

    /// What is stored and shown again is the same fact, under the same id.
    #[test]
    fn a_stored_draft_is_read_as_itself(entity in "[a-zA-Z:/% ]{1,12}", source: String, text: String, confidence in 0.0..=1.0_f64) {
        let body = |entity: &str, source: &str| serde_json::json!({
            "entity": entity, "relation": "r:r", "value": {"type": "text", "v": text}, "source": source, "confidence": confidence,
        });
        let read = |body: serde_json::Value| Draft::from_json(&json::read(body.to_string().as_bytes()).unwrap(), 65_536);
        if let Ok(draft) = read(body(&entity, &source)) {
            let again = read(body(&draft.entity, &draft.source)).unwrap();
            prop_assert_eq!((&again.entity, &again.source), (&draft.entity, &draft.source));
            prop_assert_eq!(again.cid(), draft.cid());
        }
    }
}
