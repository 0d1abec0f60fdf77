use serde_json::json;

use super::*;
use crate::{
    schemas::tests::SCHEMAS,
    vectors::tests::{case, read, read_one},
};

#[test]
fn a_row_is_a_case_of_its_own() {
    let rows = json!([{"id": "one", "x": 1}, {"id": "two", "covers": ["FACT-02"]}]);
    let vectors = read(&[
        case(&json!({"steps": [{"get": "/x"}], "rows": rows})),
        case(&json!({"id": "alone", "steps": [{"get": "/x"}]})),
    ])
    .unwrap();
    let found: Vec<_> = vectors
        .cases
        .iter()
        .map(|case| {
            (
                case.id.as_str(),
                &case.covers[..],
                case.row.get("x"),
                case.pointer.as_str(),
            )
        })
        .collect();
    let (first, second) = (["FACT-01".to_owned()], ["FACT-02".to_owned()]);
    assert_eq!(
        found,
        [
            ("a-case/one", &first[..], Some(&json!(1)), "/cases/0"),
            ("a-case/two", &second[..], None, "/cases/0"),
            ("alone", &first[..], None, "/cases/1"),
        ]
    );
}

#[test]
fn a_file_stands_in_the_folder_of_its_area() {
    let file = json!({"area": "facts", "title": "Some cases", "cases": [case(&json!({"steps": [{"get": "/x"}]}))]});
    let in_folder = |name: &str| {
        let data = Data::of([(name.to_owned(), file.to_string())]);
        load(&data, &SCHEMAS)
    };
    assert_eq!(in_folder("vectors/facts/some.json").unwrap().cases.len(), 1);
    assert_eq!(
        in_folder("vectors/pure/some.json").unwrap().cases.len(),
        0,
        "they are read by others"
    );
    let error = in_folder("vectors/paging/some.json").unwrap_err();
    assert_eq!(
        error.to_string(),
        "vectors/paging/some.json at /area: is \"facts\", but the folder has another name"
    );
}

#[test]
fn a_step_says_whose_key_goes_with_it() {
    let token = || {
        Credential::Token(Box::new(crate::vectors::world::TokenWish {
            peer: "p".to_owned(),
            ..Default::default()
        }))
    };
    for (said, credential) in [
        (json!({}), Credential::Ordinary),
        (json!({"as": null}), Credential::None),
        (json!({"as": "reader"}), Credential::Named("reader".to_owned())),
        (json!({"as": {"bearer": "x"}}), Credential::Bearer("x".to_owned())),
        (
            json!({"as": {"header": "Basic x"}}),
            Credential::Header("Basic x".to_owned()),
        ),
        (json!({"as": {"token": {"peer": "p"}}}), token()),
    ] {
        let mut step = json!({"get": "/x"});
        step.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let case = read_one(&json!({"steps": [step]}));
        assert_eq!(case.steps()[0].credential, credential, "{said}");
    }
}

#[test]
fn bytes_are_given_as_text_as_repetition_or_in_hex() {
    let sent = |send: &Value| {
        let case = read_one(&json!({"steps": [{"raw": {"send": send}}]}));
        let Verb::Raw { send, .. } = case.steps()[0].verb.clone() else {
            panic!("another verb");
        };
        send
    };
    assert_eq!(sent(&json!("GET /")), [RawPart::Text("GET /".to_owned())]);
    assert_eq!(
        sent(&json!(["a", {"$repeat": "b", "times": 3}, {"hex": "00fF"}])),
        [
            RawPart::Text("a".to_owned()),
            RawPart::Repeat {
                text: "b".to_owned(),
                times: 3
            },
            RawPart::Bytes(vec![0, 255]),
        ]
    );
}

#[test]
fn nodes_are_registered_for_the_usual_scopes() {
    for (said, scopes) in [
        (json!({}), json!(["company", "public"])),
        (json!({"scopes": ["team"]}), json!(["team"])),
    ] {
        let mut federate = json!({"nodes": ["a", "b"]});
        federate
            .as_object_mut()
            .unwrap()
            .extend(said.as_object().unwrap().clone());
        let mut command = json!({"command": "register", "at": "a"});
        command
            .as_object_mut()
            .unwrap()
            .extend(said.as_object().unwrap().clone());
        let case = read_one(&json!({"world": {"nodes": ["a", "b"]}, "steps": [{"federate": federate}, command]}));
        let [Verb::Federate { scopes: one, by, .. }, Verb::Command(other)] =
            [&case.steps()[0].verb, &case.steps()[1].verb]
        else {
            panic!("other verbs");
        };
        assert_eq!(*by, CommandName::Introduce);
        assert_eq!([&json!(one), &json!(other.scopes)], [&scopes, &scopes], "{said}");
    }
}

#[test]
fn a_case_about_the_command_says_so() {
    let federate = json!({"federate": {"nodes": ["a", "b"], "by": "register"}});
    let case = read_one(&json!({"world": {"nodes": ["a", "b"]}, "steps": [federate]}));
    assert!(matches!(
        case.steps()[0].verb,
        Verb::Federate {
            by: CommandName::Register,
            ..
        }
    ));
}

/// What a step expects goes before what its verb ordinarily brings, member by member.
#[test]
fn an_expectation_is_laid_over_the_ordinary_one() {
    let over = |said: Value, verb: &Verb| serde_json::from_value::<Expect>(said).unwrap().over(verb.ordinary());
    let fact = Verb::Fact("x".to_owned());
    let found = over(json!({"body": {"a": 1}}), &fact);
    assert_eq!(
        (found.status, found.schema),
        (Some(json!(200)), Some(Some("wire/fact".to_owned())))
    );
    assert_eq!(found.body, Some(json!({"a": 1})));
    let found = over(json!({"status": 404, "schema": null}), &fact);
    assert_eq!(
        (found.status, found.schema, found.body),
        (Some(json!(404)), Some(None), None)
    );
    let found = over(json!({"text": ""}), &Verb::Start);
    assert_eq!(found.body, Some(json!({"started": true})));
    assert_eq!(over(json!({"body": null}), &Verb::Start).body, Some(Value::Null));
}
