//! JSON bodies as they go on the wire, with the bytes that plain JSON values cannot say.

use serde_json::{Map, Value};

/// The text of a body. `{"$literal"}`, `{"$repeat", "times"}`, `{"$nested"}` and `{"$absent"}` are written out here.
pub fn emit(value: &Value) -> Result<String, String> {
    emit_within(value, MAX_BODY)
}

fn emit_within(value: &Value, longest: usize) -> Result<String, String> {
    let mut text = String::new();
    write(value, longest, &mut text)?;
    Ok(text)
}

fn write(value: &Value, longest: usize, out: &mut String) -> Result<(), String> {
    match value {
        Value::Object(members) => match special(members, longest)? {
            Some(bytes) => out.push_str(&bytes),
            None => write_object(members, longest, out)?,
        },
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, longest, out)?;
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
    if out.len() > longest {
        return Err(format!("a request body of more than {longest} bytes"));
    }
    Ok(())
}

fn write_object(members: &Map<String, Value>, longest: usize, out: &mut String) -> Result<(), String> {
    out.push('{');
    let mut first = true;
    for (name, value) in members.iter().filter(|(_, value)| !is_absent(value)) {
        if !first {
            out.push(',');
        }
        first = false;
        out.push_str(&Value::from(name.as_str()).to_string());
        out.push(':');
        write(value, longest, out)?;
    }
    out.push('}');
    Ok(())
}

/// The bytes of an object that stands for bytes.
fn special(members: &Map<String, Value>, longest: usize) -> Result<Option<String>, String> {
    if let Some(literal) = members.get("$literal") {
        return literal
            .as_str()
            .map(|text| Some(text.to_owned()))
            .ok_or_else(|| "$literal wants a text".to_owned());
    }
    if members.contains_key("$repeat") {
        return Ok(Some(Value::String(repeated_within(members, longest)?).to_string()));
    }
    if let Some(depth) = members.get("$nested") {
        let depth = depth
            .as_u64()
            .filter(|depth| *depth <= longest as u64 / 2)
            .ok_or("$nested wants a depth")?;
        let depth = usize::try_from(depth).map_err(|error| error.to_string())?;
        return Ok(Some("[".repeat(depth) + &"]".repeat(depth)));
    }
    Ok(None)
}

/// The text that `{"$repeat": text, "times": n}` stands for.
pub fn repeated(members: &Map<String, Value>) -> Result<String, String> {
    repeated_within(members, MAX_BODY)
}

/// The same, where there is room for `longest` bytes.
pub fn repeated_within(members: &Map<String, Value>, longest: usize) -> Result<String, String> {
    let text = members
        .get("$repeat")
        .and_then(Value::as_str)
        .ok_or("$repeat wants a text")?;
    let times = members
        .get("times")
        .and_then(Value::as_u64)
        .ok_or("$repeat wants times")?;
    let times = usize::try_from(times).map_err(|error| error.to_string())?;
    if text.len().saturating_mul(times) > longest {
        return Err(format!("a text of more than {longest} bytes"));
    }
    Ok(text.repeat(times))
}

/// `{"$absent": true}`
pub fn is_absent(value: &Value) -> bool {
    value.get("$absent") == Some(&Value::Bool(true))
}

/// No case needs to send more, or to expect more.
pub const MAX_BODY: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_that_json_cannot_say() {
        let body = json!({"a": {"$literal": "1E-7"}, "b": {"$repeat": "ab", "times": 3}, "c": {"$nested": 2}, "d": {"$absent": true}, "e": [5, 5.0, -0.0, null, "\"\u{2028}"]});
        assert_eq!(
            emit(&body).unwrap(),
            "{\"a\":1E-7,\"b\":\"ababab\",\"c\":[[]],\"e\":[5,5.0,-0.0,null,\"\\\"\u{2028}\"]}"
        );
    }

    #[test]
    fn what_would_take_all_memory_is_refused() {
        assert!(emit(&json!({"$repeat": "abcdefgh", "times": u64::MAX})).is_err());
        assert!(emit(&json!({"$nested": u64::MAX})).is_err());
        let most = "a text of more than 33554432 bytes".to_owned();
        assert_eq!(emit(&json!({"$repeat": "a", "times": (32 << 20) + 1})), Err(most));
        let long = |times: usize| emit_within(&json!({"$repeat": "a", "times": times}), 8);
        assert_eq!(long(6), Ok("\"aaaaaa\"".to_owned()));
        assert_eq!(long(7), Err("a request body of more than 8 bytes".to_owned()));
        let deep = |depth: usize| emit_within(&json!({"$nested": depth}), 8);
        assert_eq!(deep(4), Ok("[[[[]]]]".to_owned()));
        assert_eq!(deep(5), Err("$nested wants a depth".to_owned()));
    }

    #[test]
    fn a_repeated_text_has_room_or_not() {
        let within = |times: usize, longest: usize| {
            let Value::Object(members) = json!({"$repeat": "ab", "times": times}) else {
                unreachable!("an object")
            };
            repeated_within(&members, longest)
        };
        assert_eq!(within(3, 6), Ok("ababab".to_owned()));
        assert_eq!(within(3, 7), Ok("ababab".to_owned()));
        assert_eq!(within(3, 5), Err("a text of more than 5 bytes".to_owned()));
    }

    #[test]
    fn what_stands_for_bytes_says_which() {
        for (body, message) in [
            (json!({"$literal": 1}), "$literal wants a text"),
            (json!({"$repeat": 1, "times": 1}), "$repeat wants a text"),
            (json!({"$repeat": "a"}), "$repeat wants times"),
            (json!({"$nested": "x"}), "$nested wants a depth"),
        ] {
            assert_eq!(emit(&body), Err(message.to_owned()), "{body}");
        }
        assert!(is_absent(&json!({"$absent": true})));
        assert!(!is_absent(&json!({"$absent": false})) && !is_absent(&json!({})));
    }
}
