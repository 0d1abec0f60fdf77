use serde_json::json;

use super::*;

fn values() -> Map<String, Value> {
    let values = json!({
        "task": "eg-42", "refs": ["a", "b"], "none": [], "value": {"type": "null"}, "confidence": 0.5, "nothing": null,
    });
    values.as_object().cloned().unwrap()
}

fn parts(parts: &Value) -> Vec<Part> {
    serde_json::from_value(parts.clone()).unwrap()
}

#[test]
fn groups_are_left_out_or_repeated() {
    let line = json!([
        "hook",
        "{task}",
        ["--by", "{by}"],
        ["--ref", "{refs}"],
        ["--x", "{none}"],
        "-c={confidence}",
        "{nothing}",
        "{value}"
    ]);
    assert_eq!(
        arguments(&parts(&line), &values()),
        [
            "hook",
            "eg-42",
            "--ref",
            "a",
            "--ref",
            "b",
            "-c=0.5",
            "{\"type\":\"null\"}"
        ]
    );
    let used: Vec<String> = names_of_parts(&parts(&line)).into_iter().collect();
    assert_eq!(used, ["by", "confidence", "none", "nothing", "refs", "task", "value"]);
}

#[test]
fn a_member_without_a_value_is_left_out() {
    let template = json!({"a": "{task}", "b": "{by}", "c": ["{refs}", "{by}"], "d": "x {confidence}", "e": {"f": "{value}"}, "g": "{nothing}", "h": "{task} {by}", "i": 5});
    let wanted =
        json!({"a": "eg-42", "c": [["a", "b"]], "d": "x 0.5", "e": {"f": {"type": "null"}}, "g": null, "i": 5});
    assert_eq!(json(&template, &values()), Some(wanted));
    assert_eq!(json(&json!("{by}"), &values()), None);
}

#[test]
fn other_braces_stay() {
    assert_eq!(
        fill_text("{\"a\":1} {} {Task} {task", &values()),
        "{\"a\":1} {} {Task} {task"
    );
    assert_eq!(fill_text("{{task}}", &values()), "{eg-42}");
    assert_eq!(fill_text("a} {b {task}", &values()), "a} {b eg-42");
}

#[test]
fn a_name_is_small_letters_and_underscores() {
    let found = |text: &str| names(text).collect::<Vec<_>>();
    assert_eq!(found("{min_confidence}/{v}"), ["min_confidence", "v"]);
    for other in ["{}", "{_v}", "{V}", "{minConfidence}", "{a b}", "{a-b}", "{a1}", "{ä}"] {
        assert_eq!(found(other), [""; 0], "{other}");
    }
}

#[test]
fn the_names_of_a_template_are_those_of_all_its_texts() {
    let template = json!({"a": "{task} {by}", "b": ["{refs}", {"c": "{value}"}, 5, null], "{d}": "{task}"});
    let found: Vec<String> = names_of(&template).into_iter().collect();
    assert_eq!(found, ["by", "refs", "task", "value"]);
}

#[test]
fn a_command_line_is_parted_as_a_shell_does() {
    let line = r#"python3 -m  'my adapter' "a \"b\"" c\ d '' 'e\f' "it's" g'h'"i" "#;
    assert_eq!(
        words(line).unwrap(),
        [
            "python3",
            "-m",
            "my adapter",
            "a \"b\"",
            "c d",
            "",
            "e\\f",
            "it's",
            "ghi"
        ]
    );
    for (wrong, why) in [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("a 'b", "a quote is not closed"),
        ("a \"b'", "a quote is not closed"),
        ("a \\", "it ends with a backslash"),
    ] {
        assert_eq!(words(wrong).unwrap_err(), why, "{wrong}");
    }
}
