use super::*;
use crate::operator::environment::Environment;
use crate::operator::mcp::LIMITS;

const TOOLS: [&str; 9] = [
    "assert_fact",
    "decay_scope",
    "get_fact",
    "lint_scope",
    "list_conflicts",
    "query_facts",
    "resolve_contradiction",
    "retract_fact",
    "synthesize_scope",
];

fn bridge(source: Option<&str>) -> Bridge {
    let environment = Environment::read(|name| match name {
        "STIGMEM_URL" => Some("http://127.0.0.1:1".into()),
        "STIGMEM_SOURCE_ENTITY" => source.map(Into::into),
        _ => None,
    });
    let environment = environment.unwrap().expect("the URL is there");
    Bridge {
        node: Node::new(&environment, LIMITS).unwrap(),
        source: environment.source_or("stigmem-mcp"),
        is_fixed: environment.source.is_some(),
    }
}

fn tools() -> Vec<Tool> {
    router(&Arc::new(bridge(None))).list_all()
}

fn tool(name: &str) -> Value {
    let tool = tools().into_iter().find(|tool| tool.name == name);
    serde_json::to_value(tool.unwrap()).unwrap()
}

#[test]
fn every_tool_says_what_it_takes_and_what_it_answers() {
    let tools = tools();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, TOOLS);
    for tool in tools {
        assert!(tool.description.is_some_and(|text| text.len() > 20), "{}", tool.name);
        let output = tool.output_schema.expect("each answer has a schema");
        for schema in [&tool.input_schema, &output] {
            assert_eq!(schema.get("type"), Some(&json!("object")), "{}", tool.name);
            let members = schema["properties"].as_object().unwrap();
            assert!(!members.is_empty(), "{}", tool.name);
        }
        assert_eq!(tool.input_schema["additionalProperties"], json!(false), "{}", tool.name);
    }
}

#[test]
fn what_has_to_be_given_is_required() {
    for (name, required) in [
        ("assert_fact", json!(["entity", "relation", "value"])),
        ("query_facts", Value::Null),
        ("get_fact", json!(["id"])),
        ("retract_fact", json!(["entity", "relation", "scope"])),
        ("list_conflicts", Value::Null),
        ("resolve_contradiction", json!(["conflict_id"])),
        ("lint_scope", json!(["scope"])),
        ("decay_scope", json!(["scope"])),
        ("synthesize_scope", json!(["scope"])),
    ] {
        assert_eq!(tool(name)["inputSchema"]["required"], required, "{name}");
    }
}

#[test]
fn words_of_which_there_are_few_are_listed() {
    let input = &tool("lint_scope")["inputSchema"]["properties"];
    assert_eq!(input["scope"]["enum"], json!(["local", "team", "company", "public"]));
    let checks = json!(["contradiction", "stale", "orphan", "broken_ref", "namespacing"]);
    assert_eq!(input["checks"]["items"]["enum"], checks);
    let value = &tool("assert_fact")["inputSchema"]["properties"]["value"]["properties"];
    let types = json!(["string", "text", "number", "boolean", "datetime", "ref", "null"]);
    assert_eq!(value["type"]["enum"], types);
    assert_eq!(value["v"]["type"], json!(["string", "number", "boolean", "null"]));
}

#[test]
fn only_reading_tools_say_that_they_only_read() {
    for tool in tools() {
        let hints = tool.annotations.expect("each tool has hints");
        let writes = ["assert_fact", "retract_fact", "resolve_contradiction", "decay_scope"].contains(&&*tool.name);
        assert_eq!(hints.read_only_hint, Some(!writes), "{}", tool.name);
        assert_eq!(hints.open_world_hint, Some(false));
    }
}

#[test]
fn an_agent_whom_the_host_has_named_speaks_for_nobody_else() {
    let source = |named: Option<&str>, asked: Option<&str>| bridge(named).source(asked.map(str::to_owned)).ok();
    let (me, bob) = ("stigmem://a/agent/me", "stigmem://a/user/bob");
    assert_eq!(source(Some(me), None).as_deref(), Some(me));
    assert_eq!(source(Some(me), Some("stigmem://A/agent/Me")).as_deref(), Some(me));
    assert_eq!(source(Some(me), Some(bob)), None);
    assert_eq!(source(None, Some(bob)).as_deref(), Some(bob));
    let own = "stigmem://127.0.0.1/agent/stigmem-mcp";
    assert_eq!(source(None, None).as_deref(), Some(own));
}

#[test]
fn a_failure_is_an_answer() {
    let refused = CallError::Refused {
        status: 403,
        detail: ": read permission required".to_owned(),
    };
    let told = answered(Err::<Value, _>(refused));
    assert_eq!(told.is_error, Some(true));
    assert!(told.structured_content.is_none());
    let text = told.content[0].as_text().map(|text| text.text.as_str());
    assert_eq!(text, Some("the node answered 403: read permission required"));
    let told = answered(Ok(json!({"a": 1})));
    assert_eq!(
        (told.is_error, told.structured_content),
        (Some(false), Some(json!({"a": 1})))
    );
}
