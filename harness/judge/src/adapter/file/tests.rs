use std::fs;

use super::*;
use crate::schemas::tests::SCHEMAS;

const HOOK: &str = "name = \"x\"\n[middleware]\ncommand = [\"x\"]\n[middleware.operations.done]\nrun = [\"{task}\"]\n";

fn parse(text: &str) -> Result<AdapterFile, InputError> {
    AdapterFile::parse(text, "x.toml", PathBuf::from("/here"), &SCHEMAS)
}

/// What an adapter meets that is nothing but this side.
fn conditions(kind: Kind, side: &str) -> BTreeSet<String> {
    let file = parse(&format!("name = \"x\"\n[{kind}]\ncommand = [\"x\"]\n{side}")).unwrap();
    file.adapter(kind).unwrap().conditions()
}

fn list(conditions: BTreeSet<String>) -> Vec<String> {
    conditions.into_iter().collect()
}

#[test]
fn the_bundled_adapters_meet_every_condition() {
    let data = Data::embedded();
    let file = AdapterFile::bundled(&data, &SCHEMAS).unwrap();
    assert_eq!(file.kinds(), [Kind::Process, Kind::Middleware]);
    let met: BTreeSet<String> = file
        .kinds()
        .into_iter()
        .flat_map(|kind| file.clone().adapter(kind).unwrap().conditions())
        .collect();
    let registry = crate::registry::Registry::load(&data).unwrap();
    let adapters = registry
        .requirements
        .iter()
        .filter(|requirement| requirement.actor == "adapter");
    for condition in adapters.filter_map(|requirement| requirement.feature.as_ref()) {
        assert!(met.contains(condition), "{condition}");
    }
}

#[test]
fn an_adapter_is_what_its_file_describes() {
    let file = parse(&format!(
        "{HOOK}[[expected]]\ncase = \"a\"\nreason = \"it never worked\"\n"
    ))
    .unwrap();
    assert_eq!(file.kinds(), [Kind::Middleware]);
    assert!(file.clone().adapter(Kind::Process).is_none());
    let adapter = file.adapter(Kind::Middleware).unwrap();
    assert_eq!((adapter.name.as_str(), adapter.version.as_str()), ("x", ""));
    assert_eq!(
        (adapter.kind, adapter.here.as_path()),
        (Kind::Middleware, Path::new("/here"))
    );
    assert_eq!(adapter.side.command, ["x"]);
    assert_eq!(adapter.expected[0].case, "a");
}

#[test]
fn an_adapter_of_the_kit_has_the_version_of_the_kit() {
    let versioned = HOOK.replace("[middleware]", "version = \"v{kit_version}\"\n[middleware]");
    let adapter = parse(&versioned).unwrap().adapter(Kind::Middleware).unwrap();
    assert_eq!(adapter.version, format!("v{}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_an_adapter_meets_follows_from_its_means() {
    let met = conditions(
        Kind::Middleware,
        "[middleware.operations.blocked]\nrun = [\"{task}\"]\n",
    );
    assert_eq!(
        list(met),
        [
            "blocked",
            "blocked-task",
            "events",
            "hooks",
            "lifecycle",
            "middleware",
            "task-status",
            "writes"
        ]
    );
    let met = conditions(
        Kind::Process,
        "stays = \"mcp\"\n[process.operations.query]\ntool = \"q\"\narguments = { entity = \"{entity}\", more = [\"{min_confidence}\"] }\n",
    );
    assert_eq!(
        list(met),
        [
            "mcp",
            "process",
            "query",
            "query-entity",
            "query-min-confidence",
            "standing"
        ]
    );
}

#[test]
fn what_an_adapter_meets_follows_from_its_calls_too() {
    let met = conditions(
        Kind::Process,
        "stays = \"http\"\n[process.operations.query]\ncall = { path = \"/facts?of={entity}\", json = { in = \"{scope}\" } }\n",
    );
    assert_eq!(
        list(met),
        ["process", "query", "query-entity", "query-scope", "standing"]
    );
}

/// A process that is started for each operation has nothing to be asked for its tools.
#[test]
fn only_a_process_that_stays_stands() {
    let met = conditions(Kind::Process, "[process.operations.get]\nrun = [\"{id}\"]\n");
    assert_eq!(list(met), ["get", "get-id", "process"]);
    let met = conditions(
        Kind::Middleware,
        "stays = \"http\"\n[middleware.operations.get]\ncall = { path = \"/{id}\" }\n",
    );
    assert_eq!(list(met), ["get", "get-id", "middleware"]);
}

#[test]
fn what_boot_pulls_is_a_condition() {
    let met = conditions(
        Kind::Middleware,
        "[middleware.operations.boot]\nrun = [\"{user}\"]\ncontext = \"json\"\npulls = [\"handoffs\"]\n",
    );
    assert_eq!(list(met), ["boot", "boot-user", "middleware", "pull-handoffs"]);
}

/// They are the kit's, and no values of the operation.
#[test]
fn means_may_name_what_the_kit_knows() {
    let met = conditions(
        Kind::Middleware,
        "[middleware.operations.get]\nrun = [\"{self}\", \"{here}/x\", \"{data}\", \"{port}\", \"{id}\"]\n",
    );
    assert_eq!(list(met), ["get", "get-id", "middleware"]);
}

#[test]
fn a_call_is_a_post_unless_it_says_otherwise() {
    let text = "name = \"x\"\n[process]\ncommand = [\"x\"]\nstays = \"http\"\n[process.operations.get]\ncall = { path = \"/\" }\n\
                [process.operations.query]\ncall = { method = \"PUT\", path = \"/q\" }\n";
    let side = parse(text).unwrap().process.unwrap();
    let method = |operation: &str| side.operations[operation].call.as_ref().unwrap().method.clone();
    assert_eq!((method("get").as_str(), method("query").as_str()), ("POST", "PUT"));
}

#[test]
fn a_file_is_read_with_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapter.toml");
    fs::write(&path, HOOK).unwrap();
    assert_eq!(AdapterFile::read(&path, &SCHEMAS).unwrap().here, folder.path());
    fs::write(&path, "name = ").unwrap();
    let error = AdapterFile::read(&path, &SCHEMAS).unwrap_err();
    assert_eq!(error.place, path.display().to_string());
    let error = AdapterFile::read(&folder.path().join("nowhere.toml"), &SCHEMAS).unwrap_err();
    assert!(error.message.starts_with("cannot be read: "), "{error}");
}

#[test]
fn an_adapter_file_has_a_largest_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("adapter.toml");
    let padded = |length: usize| format!("{HOOK}{}", "\n".repeat(length - HOOK.len()));
    fs::write(&path, padded(1 << 20)).unwrap();
    assert!(AdapterFile::read(&path, &SCHEMAS).is_ok());
    fs::write(&path, padded((1 << 20) + 1)).unwrap();
    assert_eq!(
        AdapterFile::read(&path, &SCHEMAS).unwrap_err().message,
        "is 1048577 bytes; an adapter file may have 1048576"
    );
}

#[test]
fn a_wrong_file_is_refused_with_the_place() {
    let middleware = |rest: &str| format!("name = \"x\"\n[middleware]\ncommand = [\"x\"]\n{rest}");
    let process = |rest: &str| format!("name = \"x\"\n[process]\ncommand = [\"x\"]\n{rest}");
    let fits = "without `stays` it has `run`";
    for (text, place, words) in [
        (
            middleware("[middleware.operations.chekout]\nrun = []"),
            "/middleware/operations",
            "",
        ),
        (
            middleware("[middleware.operations.done]\ntool = \"x\""),
            "/middleware/operations/done",
            fits,
        ),
        (
            process("stays = \"mcp\"\n[process.operations.get]\nrun = []"),
            "/process/operations/get",
            fits,
        ),
        (
            process("stays = \"http\"\n[process.operations.get]\ntool = \"x\""),
            "/process/operations/get",
            fits,
        ),
        (
            middleware("[middleware.operations.done]\nrun = [\"{tusk}\"]"),
            "/middleware/operations/done",
            "{tusk} is none of its names, which are [\"task\"]",
        ),
        (
            process("[process.operations.boot]\nrun = []"),
            "/process/operations/boot",
            "only middleware",
        ),
        (
            middleware("[middleware.operations.done]\nrun = []\ncontext = \"text\""),
            "/middleware/operations/done",
            "only `boot` has a `context`",
        ),
        (
            middleware("[middleware.operations.boot]\nrun = []\ncontext = \"text\"\npulls = [\"weather\"]"),
            "/middleware/operations/boot/pulls/0",
            "",
        ),
        ("name = \"x\"".to_owned(), "", ""),
        ("name = ".to_owned(), "", "line 1"),
    ] {
        let error = parse(&text).unwrap_err();
        assert_eq!(
            (error.place.as_str(), error.pointer.as_str()),
            ("x.toml", place),
            "{text}: {error}"
        );
        assert!(error.message.contains(words), "{text}: {error}");
    }
}
