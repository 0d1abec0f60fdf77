//! The content ids that a printed fact record may carry.

use serde_json::{Number, Value};

use super::{Content, NULL_TEXT, cid, float_text};

/// Every content id that is right for this record, or `None` when the record does not say enough to judge.
///
/// A record shows a number, not the literal that was asserted, so an integral number may have been hashed with or without `.0`,
/// and a printer may drop the sign of a zero.
#[must_use]
pub fn candidates(fact: &Value) -> Option<Vec<String>> {
    let text = |member: &str| fact.get(member)?.as_str();
    let value = fact.get("value")?;
    let value_type = value.get("type")?.as_str()?;
    let texts = value_texts(value_type, value.get("v").unwrap_or(&Value::Null))?;
    let confidence = fact.get("confidence")?.as_f64()?;
    let (entity, relation) = (text("entity")?, text("relation")?);
    let (scope, source) = (text("scope")?, text("source")?);
    let mut ids = Vec::new();
    for confidence in signs_of_zero(confidence) {
        for value_text in &texts {
            let content = Content {
                confidence,
                entity,
                relation,
                scope,
                source,
                value_type,
                value_text,
            };
            ids.push(cid(&content));
        }
    }
    Some(ids)
}

fn value_texts(value_type: &str, v: &Value) -> Option<Vec<String>> {
    match (value_type, v) {
        ("number", Value::Number(number)) => number_texts(number),
        ("boolean", Value::Bool(truth)) => Some(vec![truth.to_string()]),
        ("null", Value::Null) => Some(vec![NULL_TEXT.to_owned()]),
        ("string" | "text" | "datetime" | "ref", Value::String(text)) => Some(vec![text.clone()]),
        _ => None,
    }
}

/// What is asserted may be told from what is printed only while every integer has a double of its own.
fn number_texts(number: &Number) -> Option<Vec<String>> {
    let value = number.as_f64()?;
    if value.abs() >= FIRST_SHARED_DOUBLE {
        return None;
    }
    let mut texts: Vec<String> = signs_of_zero(value).into_iter().map(float_text).collect();
    if value.fract() == 0.0 {
        // Adding zero turns -0.0 into 0.0: an integer zero has no sign.
        texts.push(format!("{:.0}", value + 0.0));
    }
    Some(texts)
}

fn signs_of_zero(value: f64) -> Vec<f64> {
    if value == 0.0 { vec![0.0, -0.0] } else { vec![value] }
}

/// 2^53, which is also what 2^53 + 1 becomes in a node that prints doubles.
const FIRST_SHARED_DOUBLE: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn number_candidates(printed: &str) -> Option<Vec<String>> {
        let value: Value = serde_json::from_str(printed).unwrap();
        candidates(&fact(&json!({ "type": "number", "v": value })))
    }

    fn fact(value: &Value) -> Value {
        json!({
            "entity": "stigmem://example.com/user/alice", "relation": "t:num", "value": value,
            "source": "stigmem://example.com/agent/a", "scope": "local", "confidence": 1.0,
        })
    }

    fn id_of(value_type: &str, value_text: &str) -> String {
        cid(&Content {
            confidence: 1.0,
            entity: "stigmem://example.com/user/alice",
            relation: "t:num",
            scope: "local",
            source: "stigmem://example.com/agent/a",
            value_type,
            value_text,
        })
    }

    #[test]
    fn an_integral_number_may_have_been_asserted_either_way() {
        let both = Some(vec![id_of("number", "5.0"), id_of("number", "5")]);
        assert_eq!(number_candidates("5"), both);
        assert_eq!(number_candidates("5.0"), both);
        assert_eq!(number_candidates("5e0"), both);
        assert_eq!(
            number_candidates("-7"),
            Some(vec![id_of("number", "-7.0"), id_of("number", "-7")])
        );
    }

    #[test]
    fn a_fraction_leaves_one_text() {
        assert_eq!(number_candidates("0.1"), Some(vec![id_of("number", "0.1")]));
        assert_eq!(number_candidates("1e-7"), Some(vec![id_of("number", "1e-07")]));
    }

    #[test]
    fn the_sign_of_a_zero_is_not_visible() {
        let all = ["0.0", "-0.0", "0"].map(|text| id_of("number", text));
        for printed in ["0", "0.0", "-0.0"] {
            assert_eq!(number_candidates(printed), Some(all.to_vec()), "{printed}");
        }
        let mut retraction = fact(&json!({ "type": "null" }));
        retraction["confidence"] = json!(0);
        assert_eq!(candidates(&retraction).map(|ids| ids.len()), Some(2));
    }

    #[test]
    fn beyond_2_to_the_53_nothing_is_judged() {
        assert_eq!(number_candidates("9007199254740991").map(|ids| ids.len()), Some(2));
        for printed in [
            "9007199254740992",
            "9007199254740992.0",
            "12345678901234567890",
            "-9007199254740993",
            "1e300",
        ] {
            assert_eq!(number_candidates(printed), None, "{printed}");
        }
    }

    #[test]
    fn other_values_have_one_id() {
        assert_eq!(
            candidates(&fact(&json!({ "type": "boolean", "v": true }))),
            Some(vec![id_of("boolean", "true")])
        );
        let null = Some(vec![id_of("null", "null")]);
        assert_eq!(candidates(&fact(&json!({ "type": "null", "v": null }))), null);
        assert_eq!(candidates(&fact(&json!({ "type": "null" }))), null);
        assert_eq!(
            candidates(&fact(&json!({ "type": "ref", "v": "A B" }))),
            Some(vec![id_of("ref", "A B")])
        );
    }

    #[test]
    fn a_record_that_lacks_a_member_cannot_be_judged() {
        let whole = fact(&json!({ "type": "string", "v": "CEO" }));
        assert!(candidates(&whole).is_some());
        for member in ["entity", "relation", "value", "source", "scope", "confidence"] {
            let mut lacking = whole.clone();
            lacking.as_object_mut().unwrap().remove(member);
            assert_eq!(candidates(&lacking), None, "{member}");
        }
        assert_eq!(candidates(&fact(&json!({ "type": "boolean", "v": "true" }))), None);
        assert_eq!(candidates(&json!([])), None);
    }
}
